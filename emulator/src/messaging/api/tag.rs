//! Tags, of all kinds of resources.

use crate::limits;
use crate::messaging::api::call::Call;
use crate::messaging::api::operation::Operation;
use crate::messaging::resource::tags::Tags;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::common_shapes::{ARN, TAGS};
use crate::messaging::wire::shape::{Member, Shape};
use serde::Deserialize;
use serde_json::{Value, json};

const RESOURCE: Member = Member::new("ResourceARN", ARN).required();

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "TagResource",
        method: "POST",
        path: "/tags",
        selector: Some(("operation", "tag-resource")),
        status: 204,
        input: &[RESOURCE, TAGS.required()],
        exceptions: &[Exception::ResourceLimitExceeded],
        run: tag_resource,
    },
    Operation {
        name: "UntagResource",
        method: "POST",
        path: "/tags",
        selector: Some(("operation", "untag-resource")),
        status: 204,
        input: &[
            RESOURCE,
            Member::new("TagKeys", Shape::List { min: 1, max: 50, element: &Shape::Text(limits::TAG_KEY) }).required(),
        ],
        exceptions: &[],
        run: untag_resource,
    },
    Operation {
        name: "ListTagsForResource",
        method: "GET",
        path: "/tags",
        selector: None,
        status: 200,
        input: &[RESOURCE.query("arn")],
        exceptions: &[],
        run: list_tags_for_resource,
    },
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

impl Call<'_> {
    /// The tags of the request, if it has any.
    ///
    /// # Errors
    ///
    /// Two of them have the same key.
    pub(crate) fn tags(&self) -> Result<Tags, ApiError> {
        let given = self.input.read::<Vec<Tag>>("Tags").unwrap_or_default();
        let length = given.len();
        let tags: Tags = given.into_iter().map(|tag| (tag.key, tag.value)).collect();
        match tags.len() == length {
            true => Ok(tags),
            false => Err(ApiError::bad_request("Tags has the same Key twice")),
        }
    }

    fn resource(&self) -> Result<String, ApiError> {
        let arn = self.input.text("ResourceARN");
        match self.world.has_resource(arn) {
            true => Ok(arn.to_owned()),
            false => Err(self.not_found("resource")),
        }
    }
}

fn tag_resource(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let (arn, tags) = (call.resource()?, call.tags()?);
    match call.world.add_tags(&arn, tags) {
        true => Ok(Value::Null),
        false => Err(call.over_quota(limits::TAGS_OF_A_RESOURCE, "tags a resource")),
    }
}

fn untag_resource(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.resource()?;
    call.world.remove_tags(&arn, &call.input.texts("TagKeys"));
    Ok(Value::Null)
}

fn list_tags_for_resource(call: &mut Call<'_>) -> Result<Value, ApiError> {
    let arn = call.resource()?;
    let tags = call.world.tags.get(&arn).into_iter().flatten();
    let tags: Vec<_> = tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    Ok(json!({ "Tags": tags }))
}

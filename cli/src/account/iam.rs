//! Calls to IAM: a function's role and its policies.

use crate::account::arn::Arn;
use crate::account::clients::Clients;
use crate::account::explain::{Problem, Service};
use crate::account::policy::Policy;
use percent_encoding::percent_decode_str;

/// A role's policies, as far as they can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: String,
    /// Those that are attached, and those inside the role.
    pub(crate) policies: Vec<Policy>,
    /// A policy that could not be read: it may allow or deny anything.
    pub(crate) unreadable: Option<String>,
    /// The ARN of the permissions boundary.
    pub(crate) boundary: Option<String>,
}

/// Reads a role and all its policies.
pub(crate) async fn role(clients: &Clients, arn: &Arn) -> Result<Role, Problem> {
    // A path may come before the name.
    let name = arn.resource.rsplit('/').next().unwrap_or(&arn.resource);
    let answer =
        clients.iam.get_role().role_name(name).send().await.map_err(clients.problem(Service::Iam, "GetRole", name))?;
    let boundary = answer.role.and_then(|role| role.permissions_boundary);
    let boundary = boundary.and_then(|boundary| boundary.permissions_boundary_arn);
    let mut role = Role { name: name.to_owned(), boundary, ..Role::default() };

    let mut attached = clients.iam.list_attached_role_policies().role_name(name).into_paginator().items().send();
    while let Some(policy) = attached.next().await {
        let policy = policy.map_err(clients.problem(Service::Iam, "ListAttachedRolePolicies", name))?;
        let Some(arn) = policy.policy_arn else { continue };
        let document = managed_policy(clients, &arn).await?;
        role.add(&arn, &document);
    }
    let mut inside = clients.iam.list_role_policies().role_name(name).into_paginator().items().send();
    while let Some(policy) = inside.next().await {
        let policy = policy.map_err(clients.problem(Service::Iam, "ListRolePolicies", name))?;
        let call = clients.iam.get_role_policy().role_name(name).policy_name(&policy);
        let answer = call.send().await.map_err(clients.problem(Service::Iam, "GetRolePolicy", name))?;
        role.add(&policy, &answer.policy_document);
    }
    Ok(role)
}

async fn managed_policy(clients: &Clients, arn: &str) -> Result<String, Problem> {
    let answer = clients.iam.get_policy().policy_arn(arn).send().await.map_err(clients.problem(
        Service::Iam,
        "GetPolicy",
        arn,
    ))?;
    let version = answer.policy.and_then(|policy| policy.default_version_id).unwrap_or_else(|| "v1".to_owned());
    let call = clients.iam.get_policy_version().policy_arn(arn).version_id(version);
    let answer = call.send().await.map_err(clients.problem(Service::Iam, "GetPolicyVersion", arn))?;
    Ok(answer.policy_version.and_then(|version| version.document).unwrap_or_default())
}

impl Role {
    /// Takes in a document, which IAM gives percent-encoded.
    fn add(&mut self, name: &str, document: &str) {
        match Policy::parse(&percent_decode_str(document).decode_utf8_lossy()) {
            Ok(policy) => self.policies.push(policy),
            Err(problem) => self.unreadable = Some(format!("{name}: {problem}")),
        }
    }
}

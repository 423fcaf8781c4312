//! The few calls of Lambda and IAM that the commands make, in the forms of the real APIs. What a deployment is like is set by
//! the test; what the commands change is kept.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

pub(crate) const REGION: &str = "us-east-1";
pub(crate) const ACCOUNT: &str = "123456789012";

/// What there is in the account.
#[derive(Debug, Default)]
pub(crate) struct Deployment {
    pub(crate) functions: BTreeMap<String, Function>,
    pub(crate) roles: BTreeMap<String, Role>,
    /// The functions that get what is in a queue, by its ARN.
    pub(crate) consumers: BTreeMap<String, Vec<String>>,
    /// Tables as `DescribeTable` tells them, by name.
    pub(crate) tables: BTreeMap<String, Value>,
    /// Operations that are refused, IAM's with `iam:` before them, with the exception and its status.
    pub(crate) refused: BTreeMap<&'static str, (u16, &'static str)>,
    /// Every operation that changes something, in order.
    pub(crate) changes: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// As `GetFunction` tells it.
    pub(crate) configuration: Value,
    pub(crate) reserved_concurrency: Option<u32>,
    /// The statements of its policy.
    pub(crate) statements: Vec<Value>,
    pub(crate) event_invoke_config: Option<Value>,
}

#[derive(Debug, Default)]
pub(crate) struct Role {
    /// Inside the role, by name.
    pub(crate) inside: BTreeMap<String, Value>,
    /// Attached, by ARN.
    pub(crate) attached: BTreeMap<String, Value>,
    pub(crate) boundary: Option<String>,
}

/// A server for both. It ends with the runtime.
#[derive(Clone, Debug)]
pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    pub(crate) deployment: Arc<Mutex<Deployment>>,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let deployment = Arc::<Mutex<Deployment>>::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&deployment));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, deployment }
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Deployment) -> R) -> R {
        change(&mut self.deployment.lock().unwrap())
    }
}

pub(crate) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

async fn answer(State(deployment): State<Arc<Mutex<Deployment>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let mut deployment = deployment.lock().unwrap();
    let path = percent_decode_str(head.uri.path()).decode_utf8().unwrap().into_owned();
    if let Some(target) = head.headers.get("x-amz-target") {
        assert_eq!(target, "DynamoDB_20120810.DescribeTable");
        return describe_table(&deployment, &body);
    }
    if head.method == Method::POST && path == "/" {
        return iam(&deployment, std::str::from_utf8(&body).unwrap());
    }
    lambda(&mut deployment, &head.method, &path, head.uri.query().unwrap_or_default(), &body)
}

fn lambda(deployment: &mut Deployment, method: &Method, path: &str, query: &str, body: &[u8]) -> Response {
    let parts: Vec<_> = path.trim_matches('/').split('/').collect();
    let (operation, name) = match (method.as_str(), &parts[..]) {
        ("GET", ["2015-03-31", "functions"]) => ("ListFunctions", ""),
        ("GET", ["2015-03-31", "functions", name]) => ("GetFunction", *name),
        ("GET", ["2015-03-31", "functions", name, "policy"]) => ("GetPolicy", *name),
        ("POST", ["2015-03-31", "functions", name, "policy"]) => ("AddPermission", *name),
        ("DELETE", ["2015-03-31", "functions", name, "policy", _]) => ("RemovePermission", *name),
        ("GET", ["2019-09-25", "functions", name, "event-invoke-config"]) => ("GetFunctionEventInvokeConfig", *name),
        ("GET", ["2015-03-31", "event-source-mappings"]) => ("ListEventSourceMappings", ""),
        // The messaging service is the emulator, but where it is to refuse.
        ("GET", ["channel-flows"]) => ("ListChannelFlows", ""),
        other => panic!("nobody calls {other:?}"),
    };
    if let Some((status, exception)) = deployment.refused.get(operation) {
        return exception_of(*status, exception, "it is refused");
    }
    if operation == "ListFunctions" {
        let functions: Vec<_> = deployment.functions.values().map(|function| &function.configuration).collect();
        return ok(&json!({ "Functions": functions }));
    }
    if operation == "ListEventSourceMappings" {
        let queue = query.split('&').find_map(|pair| pair.strip_prefix("EventSourceArn=")).unwrap_or_default();
        let queue = percent_decode_str(queue).decode_utf8().unwrap().into_owned();
        let functions = deployment.consumers.get(&queue).cloned().unwrap_or_default();
        let mappings: Vec<_> = functions.iter().map(|name| json!({ "FunctionArn": function_arn(name) })).collect();
        return ok(&json!({ "EventSourceMappings": mappings }));
    }
    let name = name.rsplit(':').next().unwrap();
    let Some(function) = deployment.functions.get_mut(name) else {
        return exception_of(404, "ResourceNotFoundException", &format!("Function not found: {}", function_arn(name)));
    };
    let nothing = || exception_of(404, "ResourceNotFoundException", "The resource you requested does not exist.");
    match operation {
        "GetFunction" => {
            let mut answer = json!({ "Configuration": function.configuration });
            if let Some(reserved) = function.reserved_concurrency {
                answer["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
            }
            ok(&answer)
        }
        "GetPolicy" if function.statements.is_empty() => nothing(),
        "GetPolicy" => {
            let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": function.statements });
            ok(&json!({ "Policy": policy.to_string(), "RevisionId": "r" }))
        }
        "AddPermission" => {
            let given: Value = serde_json::from_slice(body).unwrap();
            if function.statements.iter().any(|statement| statement["Sid"] == given["StatementId"]) {
                return exception_of(409, "ResourceConflictException", "The statement id provided already exists.");
            }
            let statement = json!({
                "Sid": given["StatementId"], "Effect": "Allow", "Principal": { "Service": given["Principal"] },
                "Action": given["Action"], "Resource": function.configuration["FunctionArn"],
                "Condition": {
                    "StringEquals": { "AWS:SourceAccount": given["SourceAccount"] },
                    "ArnLike": { "AWS:SourceArn": given["SourceArn"] },
                },
            });
            function.statements.push(statement.clone());
            deployment.changes.push(format!("AddPermission {name}"));
            with_status(201, statement_answer(&statement))
        }
        "RemovePermission" => {
            let before = function.statements.len();
            function.statements.retain(|statement| statement["Sid"] != parts[4]);
            if function.statements.len() == before {
                return nothing();
            }
            deployment.changes.push(format!("RemovePermission {name}"));
            with_status(204, String::new())
        }
        _ => match &function.event_invoke_config {
            Some(config) => ok(config),
            None => nothing(),
        },
    }
}

fn statement_answer(statement: &Value) -> String {
    json!({ "Statement": statement.to_string() }).to_string()
}

fn describe_table(deployment: &Deployment, body: &[u8]) -> Response {
    let request: Value = serde_json::from_slice(body).unwrap();
    match deployment.tables.get(request["TableName"].as_str().unwrap()) {
        Some(table) => ok(&json!({ "Table": table })),
        None => exception_of(400, "ResourceNotFoundException", "Requested resource not found"),
    }
}

/// IAM speaks forms and XML.
fn iam(deployment: &Deployment, form: &str) -> Response {
    let of = |key: &str| {
        let value = form.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        percent_decode_str(value.unwrap_or_default()).decode_utf8().unwrap().into_owned()
    };
    let (action, role) = (of("Action"), of("RoleName"));
    if let Some((status, code)) = deployment.refused.get(format!("iam:{action}").as_str()) {
        return iam_error(*status, code);
    }
    let encoded = |document: &Value| utf8_percent_encode(&document.to_string(), NON_ALPHANUMERIC).to_string();
    let policies = || deployment.roles.values().flat_map(|role| &role.attached);
    let list = |name: &str, members: String| format!("<{name}>{members}</{name}><IsTruncated>false</IsTruncated>");
    let result = match (action.as_str(), deployment.roles.get(&role)) {
        ("GetPolicy", _) => "<Policy><DefaultVersionId>v3</DefaultVersionId></Policy>".to_owned(),
        ("GetPolicyVersion", _) => {
            let (arn, version) = (of("PolicyArn"), of("VersionId"));
            let document =
                policies().find(|(known, _)| **known == arn && version == "v3").map(|(_, document)| document);
            let Some(document) = document else { return iam_error(404, "NoSuchEntity") };
            format!("<PolicyVersion><Document>{}</Document></PolicyVersion>", encoded(document))
        }
        (_, None) => return iam_error(404, "NoSuchEntity"),
        ("GetRole", Some(found)) => {
            let boundary = found.boundary.iter().map(|arn| {
                format!(
                    "<PermissionsBoundary><PermissionsBoundaryArn>{arn}</PermissionsBoundaryArn></PermissionsBoundary>"
                )
            });
            format!(
                "<Role><Path>/</Path><RoleName>{role}</RoleName><RoleId>AROA</RoleId><Arn>arn:aws:iam::{ACCOUNT}:role/{role}\
                 </Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>{}</Role>",
                boundary.collect::<String>()
            )
        }
        ("ListAttachedRolePolicies", Some(found)) => {
            let member =
                |arn: &String| format!("<member><PolicyName>p</PolicyName><PolicyArn>{arn}</PolicyArn></member>");
            list("AttachedPolicies", found.attached.keys().map(member).collect())
        }
        ("ListRolePolicies", Some(found)) => {
            list("PolicyNames", found.inside.keys().map(|name| format!("<member>{name}</member>")).collect())
        }
        ("GetRolePolicy", Some(found)) => {
            let name = of("PolicyName");
            let document = encoded(&found.inside[&name]);
            format!(
                "<RoleName>{role}</RoleName><PolicyName>{name}</PolicyName><PolicyDocument>{document}</PolicyDocument>"
            )
        }
        other => panic!("nobody calls {}", other.0),
    };
    let xml = format!(
        "<{action}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>"
    );
    with_status(200, xml)
}

fn iam_error(status: u16, code: &str) -> Response {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>it is refused</Message></Error>");
    let xml = format!("<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">{error}</ErrorResponse>");
    with_status(status, xml)
}

fn exception_of(status: u16, name: &str, message: &str) -> Response {
    let body = json!({ "Type": "User", "Message": message }).to_string();
    let builder = Response::builder().status(status).header("x-amzn-errortype", name);
    builder.header("content-type", "application/json").body(Body::from(body)).unwrap()
}

fn ok(value: &Value) -> Response {
    with_status(200, value.to_string())
}

fn with_status(status: u16, body: String) -> Response {
    Response::builder().status(StatusCode::from_u16(status).unwrap()).body(Body::from(body)).unwrap()
}

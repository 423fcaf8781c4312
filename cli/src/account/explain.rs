//! Failed calls to AWS, and what to do about them.

use crate::sdk::chain;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error;
use std::fmt;

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Messaging,
    Lambda,
    Iam,
    DynamoDb,
}

/// A call to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) service: Service,
    /// The operation's name in the API.
    pub(crate) operation: &'static str,
    /// The resource that it is about: an ARN or a name.
    pub(crate) subject: String,
    pub(crate) region: String,
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    call: Call,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// No answer came.
    Unreachable(String),
    TimedOut,
    /// The service refused the call, with the name of its exception.
    Refused {
        code: String,
        message: String,
    },
    /// The answer is not that of the service.
    Garbage(String),
    /// The request could not be made.
    Unmade(String),
}

impl Problem {
    /// A call that failed.
    pub(crate) fn of_call<E>(call: Call, error: SdkError<E, Response>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let kind = match &error {
            SdkError::TimeoutError(_) => Kind::TimedOut,
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(error) if error.is_timeout() => Kind::TimedOut,
                Some(error) if error.is_user() => Kind::Unmade(chain(error)),
                Some(error) => Kind::Unreachable(chain(error)),
                None => Kind::Unreachable(chain(&error)),
            },
            SdkError::ServiceError(failure) => match failure.err().code() {
                Some(code) => Kind::Refused {
                    code: code.to_owned(),
                    message: failure.err().message().unwrap_or_default().to_owned(),
                },
                None => Kind::Garbage(format!("status {}", failure.raw().status().as_u16())),
            },
            SdkError::ResponseError(_) => Kind::Garbage(chain(&error)),
            _ => Kind::Unmade(chain(&error)),
        };
        Self { call, kind }
    }

    /// An answer that is not of the API's form.
    pub(crate) fn of_answer(call: Call, reason: String) -> Self {
        Self { call, kind: Kind::Garbage(reason) }
    }

    /// The name of the service's exception, if it gave one.
    pub(crate) fn code(&self) -> Option<&str> {
        match &self.kind {
            Kind::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// The permission that the call needs.
    pub(crate) fn permission(&self) -> String {
        // Not all of Lambda's operations have the name of their permission, but the ones used here do.
        format!("{}:{}", self.call.service.prefix(), self.call.operation)
    }

    /// What to do about it.
    pub(crate) fn advice(&self) -> String {
        let Call { service, operation, subject, region } = &self.call;
        let permission = self.permission();
        let endpoint = service.endpoint_variable();
        match &self.kind {
            Kind::Unreachable(reason) if reason.contains("ertificate") => {
                "A proxy or an endpoint presents a certificate from an authority that this machine does not trust: \
                 set SSL_CERT_FILE to a file with the authority's certificate."
                    .to_owned()
            }
            Kind::Unreachable(_) | Kind::TimedOut => format!(
                "Check the network, and whether {region} is the region you mean: {} is not available in every region. \
                 If {endpoint} or AWS_ENDPOINT_URL is set, check that too: it overrides the endpoint.",
                service.name()
            ),
            Kind::Garbage(_) => format!(
                "The server that answered is not {}: check {endpoint}, AWS_ENDPOINT_URL and HTTPS_PROXY.",
                service.name()
            ),
            Kind::Unmade(_) => "Check the value that the message names.".to_owned(),
            Kind::Refused { code, message } => match (*service, *operation, code.as_str()) {
                (_, _, code) if is_about_credentials(code) => credentials_advice(code).to_owned(),
                (_, _, code) if is_throttling(code) => {
                    "Too many requests: wait a minute and run this again. Completed changes are not repeated."
                        .to_owned()
                }
                (Service::Lambda, "GetFunction", "ResourceNotFoundException") => format!(
                    "These credentials find no such function in {region}. Deploy it there (cargo lambda deploy \
                     --region {region}), or check the name, the alias and the account: aws lambda list-functions \
                     --region {region}"
                ),
                (Service::Lambda, "AddPermission", "PolicyLengthExceededException") => {
                    "The function's policy is full. Remove unused statements: aws lambda get-policy, aws lambda \
                     remove-permission."
                        .to_owned()
                }
                (Service::Lambda, _, "ResourceConflictException" | "PreconditionFailedException") => {
                    "Someone else is changing the function: run this again.".to_owned()
                }
                (Service::Messaging, "CreateChannelFlow" | "UpdateChannelFlow", "ResourceLimitExceededException") => {
                    "The flow exceeds the quota of 1 processor, or the account has reached its quota of flows. \
                     Request an increase under Service Quotas (Amazon Chime SDK), or chain the steps in one function."
                        .to_owned()
                }
                (Service::Messaging, "TagResource", "ResourceLimitExceededException") => {
                    "A resource can have at most 50 tags: remove some.".to_owned()
                }
                (Service::Messaging, _, "ResourceLimitExceededException") => {
                    "Request an increase under Service Quotas (Amazon Chime SDK), or remove unused resources."
                        .to_owned()
                }
                (
                    Service::Messaging,
                    "AssociateChannelFlow" | "DisassociateChannelFlow" | "DescribeChannel",
                    "ForbiddenException" | "UnauthorizedClientException" | "NotFoundException",
                ) => format!(
                    "The --bearer must be a moderator of the channel or an admin of the app instance, the channel \
                     must exist, and these credentials need {permission} for the bearer and the channel. To add a \
                     moderator: aws chime-sdk-messaging create-channel-moderator --channel-arn {subject} \
                     --channel-moderator-arn BEARER --chime-bearer ADMIN"
                ),
                (Service::Messaging, "DeleteChannelFlow", "ConflictException") => {
                    "A channel has the flow, possibly added a moment ago: run this again.".to_owned()
                }
                (Service::Messaging, "AssociateChannelFlow", "ConflictException") => {
                    "The channel has another flow, possibly added a moment ago: run this again.".to_owned()
                }
                (Service::Messaging, "CreateChannelFlow", "ConflictException") => {
                    "The flow already exists, or --client-token was used for another one: run this again, or omit the \
                     token."
                        .to_owned()
                }
                (Service::Messaging, _, "ForbiddenException" | "UnauthorizedClientException" | "NotFoundException") => {
                    format!(
                        "The service answers this if these credentials lack {permission}, and also if their account \
                         has no such resource in {region}: check both."
                    )
                }
                (Service::Messaging, "CreateChannelFlow" | "UpdateChannelFlow", "BadRequestException") => {
                    "Check the value that the message names. The function must be in the app instance's region and \
                     account, and the messaging service must be allowed to invoke it."
                        .to_owned()
                }
                (_, _, "AccessDenied" | "AccessDeniedException") => {
                    format!(
                        "These credentials lack {permission}: have it granted, or use other credentials (--profile)."
                    )
                }
                (
                    _,
                    _,
                    "ServiceUnavailableException" | "ServiceFailureException" | "ServiceException" | "InternalFailure",
                ) => {
                    "The service reports an internal problem: run this again later. Completed changes are not repeated."
                        .to_owned()
                }
                _ if message.is_empty() => "Check the request that it names.".to_owned(),
                _ => "Check what the message names.".to_owned(),
            },
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Call { service, operation, subject, .. } = &self.call;
        write!(f, "{operation} for {subject}: ")?;
        match &self.kind {
            Kind::Unreachable(reason) => write!(f, "{} cannot be reached: {reason}", service.name()),
            Kind::TimedOut => write!(f, "{} did not answer in time", service.name()),
            Kind::Refused { code, message } if message.is_empty() => f.write_str(code),
            Kind::Refused { code, message } => write!(f, "{code}: {message}"),
            Kind::Garbage(reason) => write!(f, "the answer is invalid: {reason}"),
            Kind::Unmade(reason) => write!(f, "the request could not be made: {reason}"),
        }
    }
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::Messaging => "Amazon Chime SDK messaging",
            Self::Lambda => "AWS Lambda",
            Self::Iam => "AWS IAM",
            Self::DynamoDb => "Amazon DynamoDB",
        }
    }

    /// The prefix of its permissions.
    fn prefix(self) -> &'static str {
        match self {
            Self::Messaging => "chime",
            Self::Lambda => "lambda",
            Self::Iam => "iam",
            Self::DynamoDb => "dynamodb",
        }
    }

    fn endpoint_variable(self) -> &'static str {
        match self {
            Self::Messaging => "AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING",
            Self::Lambda => "AWS_ENDPOINT_URL_LAMBDA",
            Self::Iam => "AWS_ENDPOINT_URL_IAM",
            Self::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
        }
    }
}

fn is_about_credentials(code: &str) -> bool {
    const CODES: [&str; 9] = [
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "MissingAuthenticationTokenException",
        "ExpiredTokenException",
        "ExpiredToken",
        "InvalidToken",
    ];
    CODES.contains(&code)
}

fn credentials_advice(code: &str) -> &'static str {
    match code {
        "ExpiredTokenException" | "ExpiredToken" => "The credentials have expired: sign in again.",
        "InvalidSignatureException" | "SignatureDoesNotMatch" => {
            "The secret key does not match the access key, the region does not match the endpoint, or this machine's \
             clock is wrong."
        }
        _ => "AWS does not know these credentials: check AWS_ACCESS_KEY_ID, AWS_PROFILE and --profile.",
    }
}

fn is_throttling(code: &str) -> bool {
    ["ThrottledClientException", "ThrottlingException", "Throttling", "TooManyRequestsException"].contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(service: Service, operation: &'static str, code: &str) -> Problem {
        let kind = Kind::Refused { code: code.to_owned(), message: "no".to_owned() };
        let (subject, region) = ("SUBJECT".to_owned(), "eu-central-1".to_owned());
        Problem { call: Call { service, operation, subject, region }, kind }
    }

    #[test]
    fn each_refusal_says_what_to_do() {
        for (service, operation, code, expected) in [
            (Service::Lambda, "GetFunction", "ResourceNotFoundException", "cargo lambda deploy --region eu-central-1"),
            (Service::Lambda, "GetFunction", "AccessDeniedException", "lambda:GetFunction"),
            (Service::Lambda, "AddPermission", "PolicyLengthExceededException", "policy is full"),
            (Service::Lambda, "AddPermission", "ResourceConflictException", "run this again"),
            (Service::Lambda, "AddPermission", "TooManyRequestsException", "wait a minute"),
            (Service::Messaging, "CreateChannelFlow", "ResourceLimitExceededException", "Service Quotas"),
            (Service::Messaging, "CreateChannelFlow", "ForbiddenException", "chime:CreateChannelFlow"),
            (Service::Messaging, "CreateChannelFlow", "ConflictException", "--client-token"),
            (Service::Messaging, "CreateChannelFlow", "BadRequestException", "region and account"),
            (Service::Messaging, "AssociateChannelFlow", "ForbiddenException", "moderator of the channel"),
            (Service::Messaging, "AssociateChannelFlow", "NotFoundException", "channel must exist"),
            (Service::Messaging, "AssociateChannelFlow", "ConflictException", "another flow"),
            (Service::Messaging, "DeleteChannelFlow", "ConflictException", "run this again"),
            (Service::Messaging, "ListChannelFlows", "ThrottledClientException", "wait a minute"),
            (Service::Messaging, "ListChannelFlows", "ServiceUnavailableException", "later"),
            (Service::Messaging, "TagResource", "ResourceLimitExceededException", "50 tags"),
            (Service::Iam, "GetRole", "ExpiredToken", "sign in again"),
            (Service::Iam, "GetRole", "InvalidClientTokenId", "does not know these credentials"),
            (Service::Iam, "GetRole", "SignatureDoesNotMatch", "clock"),
        ] {
            let problem = refused(service, operation, code);
            assert!(problem.advice().contains(expected), "{operation} {code}: {}", problem.advice());
            assert_eq!(problem.to_string(), format!("{operation} for SUBJECT: {code}: no"));
        }
    }

    #[test]
    fn who_does_not_answer_is_looked_for() {
        for kind in [Kind::TimedOut, Kind::Unreachable("refused".to_owned())] {
            let problem = Problem { kind, ..refused(Service::Messaging, "ListChannelFlows", "") };
            assert!(
                problem.advice().contains("eu-central-1")
                    && problem.advice().contains("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING")
            );
        }
        let kind = Kind::Unreachable("invalid peer certificate: UnknownIssuer".to_owned());
        let problem = Problem { kind, ..refused(Service::Lambda, "GetFunction", "") };
        assert!(problem.advice().contains("SSL_CERT_FILE"));
        let problem = Problem { kind: Kind::Garbage("x".to_owned()), ..refused(Service::Lambda, "GetFunction", "") };
        assert!(problem.advice().contains("not AWS Lambda"));
    }
}

//! The messaging service, as a channel flow meets it.

use crate::arn::function_arn as function_arn_of;
use crate::assumptions::{Assumptions, RepeatedCallback};
#[cfg(feature = "dynamodb")]
use crate::dynamodb::Table;
use crate::error::Error;
use crate::http::page::updates::Page;
use crate::http::router::{Http, router};
use crate::lambda::host::Host;
use crate::lambda::invocation_fault::InvocationFault;
use crate::lambda::target::InvocationTarget;
use crate::lambda::unreachable::Unreachable;
use crate::messaging::core::Core;
use crate::messaging::fault::Fault;
use crate::messaging::function_host::FunctionHost;
use crate::messaging::invoker::Invoker;
use crate::messaging::wire::api_error::ApiError;
use crate::model::activity::Activity;
use crate::model::callback_record::CallbackRecord;
use crate::model::counts::Counts;
use crate::model::credentials::Credentials;
use crate::model::event::Event;
use crate::model::grant::Grant;
use crate::model::message::{MessageIds, MessageState};
use crate::net::certificate::Certificate;
use crate::net::connection::{Connections, ResetsRequest};
use crate::net::origin_check::Allowed;
use crate::net::server::Server;
#[cfg(feature = "dynamodb")]
use crate::review_desk::ReviewDesk;
use crate::settings::Settings;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::UnboundedReceiver;

/// Amazon Chime SDK messaging as a channel flow meets it, on a loopback port.
///
/// It takes `ChannelFlowCallback` as the unmodified AWS SDKs send it, requires a valid signature
/// by [`Credentials`] that it gave out, and checks every limit of the API model. Each message is
/// decided by one callback at most. Dropping it closes the port.
#[derive(Debug)]
pub struct MessagingService {
    server: Arc<Server>,
    connections: Connections,
    core: Arc<Core>,
    invoker: Arc<Invoker>,
    page: Option<Arc<Page>>,
    #[cfg(feature = "dynamodb")]
    table: Option<Arc<Table>>,
    certificate_pem: String,
}

impl Drop for MessagingService {
    fn drop(&mut self) {
        self.close();
    }
}

impl MessagingService {
    /// Starts it on a loopback port that the system chooses. Signatures have to be for `region`.
    ///
    /// # Errors
    ///
    /// No port could be opened.
    pub async fn start(region: impl Into<String>) -> Result<Self, Error> {
        Self::start_with(Settings::new().region(region)).await
    }

    /// Starts it as the settings say.
    ///
    /// # Errors
    ///
    /// The port could not be opened, or the data file or the certificate cannot be used.
    pub async fn start_with(settings: Settings) -> Result<Self, Error> {
        let address = settings.address;
        let certificate = match &settings.certificate {
            Some(directory) => Certificate::kept_in(directory, &settings.allowed_hosts),
            None => Certificate::generate(&settings.allowed_hosts),
        };
        let certificate = certificate.map_err(Error::certificate)?;
        let acceptor = certificate.acceptor().map_err(Error::certificate)?;
        let Settings { bounds, page, .. } = settings;
        let allowed = Allowed {
            address: address.ip(),
            hosts: settings.allowed_hosts.clone(),
            origins: settings.allowed_origins.clone(),
        };
        #[cfg(feature = "dynamodb")]
        let (table, data) = (settings.table.clone(), settings.data.clone());
        let (core, invoker) = Core::start(settings).map_err(Error::data)?;
        // Once the data file is open, which no other emulator has then.
        #[cfg(feature = "dynamodb")]
        let table = table.map(|name| Table::open(&name, data.as_deref()).map(Arc::new)).transpose();
        #[cfg(feature = "dynamodb")]
        let table = table.map_err(Error::data)?;
        let page = page.then(|| Page::start(&core.watchers));
        let router = router(Http {
            core: Arc::clone(&core),
            page: page.clone(),
            allowed,
            #[cfg(feature = "dynamodb")]
            table: table.clone(),
        });
        let script = Arc::clone(&core.script);
        let resets_request: ResetsRequest = Arc::new(move || script.resets_before_reading());
        let started = Server::start_faulty(address, router, resets_request, acceptor, bounds).await;
        let (server, connections) = started.map_err(Error::listen)?;
        let certificate_pem = certificate.pem().to_owned();
        Ok(Self {
            server: Arc::new(server),
            connections,
            core,
            invoker,
            page,
            #[cfg(feature = "dynamodb")]
            table,
            certificate_pem,
        })
    }

    /// Does an operation of the API without HTTP, by the names of its model: `call("CreateAppInstance", json!({…}))`.
    /// A member that the model wants and SDKs fill in, `ClientRequestToken`, may be left out.
    ///
    /// # Errors
    ///
    /// As the API answers.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.core.call(operation, input).await
    }

    /// As [`call`](Self::call), for an operation that creates something, which gets this id in place of a random one: for
    /// demos and tests with ARNs that are known before. It is made of letters, digits, `-` and `_`. Operations that take an
    /// id as a member do not look at this one.
    ///
    /// # Errors
    ///
    /// As the API answers, and a conflict if the id is taken.
    pub async fn call_with_id(&self, operation: &str, input: Value, id: &str) -> Result<Value, ApiError> {
        self.core.call_with_id(operation, input, Some(id)).await
    }

    /// Ends the service in good order: functions are let go of, sessions are closed, what was accepted is in the data file,
    /// and the file can be opened again. Requests that would change something get 503 `ServiceUnavailableException` from
    /// then on. Without it the file is closed some time after the drop.
    pub async fn end(&self) {
        self.close();
        self.core.state.close().await;
    }

    /// All activity from now on, in order. It is kept until it is received: do not stop receiving before you drop the
    /// receiver.
    pub fn watch(&self) -> UnboundedReceiver<Activity> {
        self.core.watchers.watch()
    }

    /// Puts a function behind an ARN, in the place of one that is there. Events that the earlier one has taken stay with it.
    /// A bare name stands for the function's ARN in this region and [`ACCOUNT`](crate::ACCOUNT).
    ///
    /// With a data file, it also gets the messages that were on their way to this ARN when the service ended last.
    pub fn set_function(&self, function_arn: impl AsRef<str>, target: impl Into<InvocationTarget>) {
        self.invoker.set(&function_arn_of(function_arn.as_ref(), self.region()), target.into());
    }

    /// Takes away the function behind an ARN, so that it cannot be reached any more. Events that it has taken stay with it.
    pub fn remove_function(&self, function_arn: impl AsRef<str>) -> Option<InvocationTarget> {
        self.invoker.remove(&function_arn_of(function_arn.as_ref(), self.region()))
    }

    /// Hands an event to the function behind an ARN as the service itself does with the processors of a flow: watchers
    /// get the tries, and queued faults apply. Returns once the event is taken.
    ///
    /// # Errors
    ///
    /// The function could not be reached. There is no fallback action here, since there is no flow.
    pub async fn invoke(&self, function_arn: impl AsRef<str>, event: &Event) -> Result<(), Unreachable> {
        self.register(event);
        let function_arn = function_arn_of(function_arn.as_ref(), self.region());
        self.invoker.invoke(function_arn, event).await
    }

    /// Queues a fault for the invocations to come, each for one.
    pub fn fault_invocation(&self, fault: InvocationFault) {
        self.core.invocation_script.add(fault);
    }

    /// How many invocations will meet a queued fault yet.
    pub fn invocation_faults_left(&self) -> usize {
        self.core.invocation_script.left()
    }

    /// Forgets the faults that no invocation has met.
    pub fn clear_invocation_faults(&self) {
        self.core.invocation_script.clear();
    }

    /// Lets go of the functions, and closes sessions and open pages.
    fn close(&self) {
        self.invoker.close();
        self.core.sessions.end();
        if let Some(page) = &self.page {
            page.close();
        }
    }

    /// The address it listens at.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The URL for `AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING` or `--endpoint-url`.
    pub fn endpoint_url(&self) -> String {
        self.server.url()
    }

    /// The certificate of the port, for clients that speak TLS with it, as browsers do for a messaging session. It is for
    /// loopback names and [allowed hosts](Settings::allow_host) and self-signed: make the client trust it first.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// How many messaging sessions are open.
    pub fn open_sessions(&self) -> usize {
        self.core.sessions.count()
    }

    /// Closes the messaging sessions that are open, as the service does now and then: AWS's browser SDK connects again.
    /// Returns how many they were.
    pub fn close_sessions(&self) -> usize {
        self.core.sessions.close_all()
    }

    /// The region that requests have to be signed for.
    pub fn region(&self) -> &str {
        &self.core.region
    }

    /// Credentials that the service will know.
    pub fn issue_credentials(&self) -> Credentials {
        self.core.state.change(|state| state.keys.issue(None)).0
    }

    /// Credentials of the role of a function, by its name: [`revoke`](Self::revoke) applies to them. A
    /// [`Function`](crate::Function) has its own.
    pub fn issue_credentials_to(&self, function: impl Into<Arc<str>>) -> Credentials {
        self.core.state.change(|state| state.keys.issue(Some(function.into()))).0
    }

    /// Makes the message of `event` pending. A message that is known already keeps its state, as
    /// it does when its event is delivered twice. Without usable ids there is no message.
    pub fn register(&self, event: &Event) -> Option<MessageState> {
        self.core.state.register(event)
    }

    /// The state of a message.
    pub fn message(&self, ids: &MessageIds) -> Option<MessageState> {
        self.core.state.message(ids)
    }

    /// The states of all messages of no channel, those of [`register`](Self::register) and of events that were delivered
    /// to a function, in the order in which they were sent. Those of channels the API lists.
    pub fn messages(&self) -> Vec<MessageState> {
        self.core.state.read(|state| state.world.strays.states())
    }

    /// The latest callbacks, as many as [`Settings::callbacks_kept`] says, in the order of arrival.
    pub fn callbacks(&self) -> Vec<CallbackRecord> {
        self.core.state.read(|state| state.callback_log.latest().cloned().collect())
    }

    /// How many messages and callbacks there have been, and how they ended.
    pub fn counts(&self) -> Counts {
        self.core.state.counts()
    }

    /// Queues a fault for the requests to come.
    pub fn fault(&self, fault: Fault) {
        self.core.script.add(fault);
    }

    /// How many requests will meet a queued fault yet.
    pub fn faults_left(&self) -> u64 {
        self.core.script.left()
    }

    /// Forgets the faults that no request has met.
    pub fn clear_faults(&self) {
        self.core.script.clear();
    }

    /// Answers every callback, and every `GetChannelMessageStatus`, with 503 `ServiceUnavailableException` until
    /// [`up`](Self::up). Queued faults wait.
    pub fn down(&self) {
        self.core.script.set_down(true);
    }

    /// Ends what [`down`](Self::down) began.
    pub fn up(&self) {
        self.core.script.set_down(false);
    }

    /// Assumes something else from now on, of messages that were sent before, too. As [`Settings::assumptions`] says at
    /// first.
    pub fn set_assumptions(&self, change: impl FnOnce(&mut Assumptions)) {
        self.core.state.change(|state| change(&mut state.world.assumptions));
    }

    /// The current assumptions.
    pub fn assumptions(&self) -> Assumptions {
        self.core.state.assumptions()
    }

    /// Takes a grant from the roles of functions, for one app instance: a request that is signed with credentials of a
    /// function gets 403 `ForbiddenException` there, whatever it is about.
    pub fn revoke(&self, app_instance_arn: &str, grant: Grant) {
        self.core.state.change(|state| state.keys.set_granted(app_instance_arn, grant, false));
    }

    /// Gives back what [`revoke`](Self::revoke) took.
    pub fn grant(&self, app_instance_arn: &str, grant: Grant) {
        self.core.state.change(|state| state.keys.set_granted(app_instance_arn, grant, true));
    }

    /// How many times `GetChannelMessageStatus` came over HTTP, whatever was answered.
    pub fn status_questions(&self) -> u64 {
        self.core.status_questions.load(Ordering::Relaxed)
    }

    /// Sets how a callback for a message that was decided is refused, from now on. As [`Settings::assumptions`] says at
    /// first.
    pub fn set_repeated_callback(&self, shape: RepeatedCallback) {
        self.set_assumptions(|assumptions| assumptions.repeated_callback = shape);
    }

    /// Sets how long after its message a callback is accepted, from now on and for messages that were sent before, too.
    /// As [`Settings::assumptions`] says at first; zero lets every message expire at once.
    pub fn set_callback_lifetime(&self, lifetime: Duration) {
        self.set_assumptions(|assumptions| assumptions.callback_lifetime = lifetime);
    }

    /// The service's time: the machine's and what [`advance`](Self::advance) has added. Timestamps of messages, channels and
    /// [`Activity`] are in it.
    pub fn now(&self) -> SystemTime {
        self.core.clock.now()
    }

    /// Moves the service's time forward, and does what is due by then: channels and users are deleted by their
    /// `ExpirationSettings`, and messages by the `RetentionDays` of their app instance. From then on, callbacks are late
    /// ([`Assumptions::callback_lifetime`]) and values of `ClientRequestToken` forgotten accordingly. Returns once all of that
    /// is done, and in the [data file](Settings::data).
    ///
    /// Without it the service looks for what is due once a minute ([`assumptions::EXPIRATION_CHECK`](crate::assumptions::EXPIRATION_CHECK)). Functions,
    /// signatures and the DynamoDB table go by the machine's time, which stays as it is. After a restart with a data
    /// file, the service's time is the machine's again.
    ///
    /// ```
    /// use channel_flow_emulator::MessagingService;
    /// use serde_json::json;
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = MessagingService::start("us-east-1").await?;
    /// let app_instance = &service.call("CreateAppInstance", json!({ "Name": "chat" })).await?["AppInstanceArn"];
    /// let guest = json!({
    ///     "AppInstanceArn": app_instance,
    ///     "AppInstanceUserId": "guest",
    ///     "Name": "Guest",
    ///     "ExpirationSettings": { "ExpirationDays": 7, "ExpirationCriterion": "CREATED_TIMESTAMP" },
    /// });
    /// let guest = service.call("CreateAppInstanceUser", guest).await?;
    ///
    /// service.advance(Duration::from_secs(7 * 24 * 3600)).await?;
    ///
    /// assert!(service.call("DescribeAppInstanceUser", guest).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `ServiceFailureException` if the data file cannot be written, `BadRequestException` if the time would be past the year
    /// 9999.
    pub async fn advance(&self, by: Duration) -> Result<(), ApiError> {
        self.core.advance(by).await
    }

    /// Closes the connections that wait for a request, as a peer or a network in between does with one that was idle for
    /// an hour. Returns how many they were, once they are closed.
    pub async fn drop_idle_connections(&self) -> usize {
        self.connections.close_idle().await
    }

    /// The name of the [table](Settings::table). Its API is at [`endpoint_url`](Self::endpoint_url).
    #[cfg(feature = "dynamodb")]
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref().map(Table::name)
    }

    /// Answers every request for the table with 503 `ServiceUnavailable` until [`table_up`](Self::table_up).
    #[cfg(feature = "dynamodb")]
    pub fn table_down(&self) {
        self.table.iter().for_each(|table| table.set_down(true));
    }

    /// Ends what [`table_down`](Self::table_down) began.
    #[cfg(feature = "dynamodb")]
    pub fn table_up(&self) {
        self.table.iter().for_each(|table| table.set_down(false));
    }

    /// Shows the messages that are held for a reviewer on the chat page, by what the desk says. The first desk that is given
    /// counts. Without a [table](Settings::table) or a [page](Settings::page) it is dropped.
    #[cfg(feature = "dynamodb")]
    pub fn set_review_desk(&self, desk: Arc<dyn ReviewDesk>) {
        if let (Some(page), Some(table)) = (&self.page, &self.table) {
            page.set_review_desk(desk, table.written());
        }
    }

    /// Whether the table has a ticket that a sweep would do something about: an open one whose deadline has come by `now`, or
    /// one whose recorded decision has not been sent for a minute.
    #[cfg(feature = "dynamodb")]
    pub fn is_ticket_due(&self, now: SystemTime) -> bool {
        self.table.as_ref().is_some_and(|table| table.is_ticket_due(now))
    }

    /// Deletes the items of the table whose time to live is over. DynamoDB does so within a few days.
    #[cfg(feature = "dynamodb")]
    pub fn delete_expired_items(&self) {
        self.table.iter().for_each(|table| table.delete_expired());
    }

    /// The service as functions see it.
    pub(crate) fn function_host(&self) -> Arc<dyn Host> {
        let (state, server) = (Arc::clone(&self.core.state), Arc::clone(&self.server));
        #[cfg(feature = "dynamodb")]
        let table = self.table().map(str::to_owned);
        #[cfg(not(feature = "dynamodb"))]
        let table = None;
        Arc::new(FunctionHost { region: self.core.region.clone(), state, server, table })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lambda::event_queue::{EventInvokeConfig, EventQueue};
    use crate::lambda::function::Function;
    use crate::lambda::function_settings::FunctionSettings;
    use std::path::Path;
    use tokio::net::TcpStream;
    use tokio::time::{sleep, timeout};

    fn function(service: &MessagingService) -> Function {
        let any_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        Function::new(&any_file, FunctionSettings::new(), service.function_host()).unwrap()
    }

    #[tokio::test]
    async fn nothing_is_left_of_a_service_that_is_dropped_with_functions_behind_arns() {
        let service = MessagingService::start_with(Settings::new().page(true)).await.unwrap();
        service.set_function("f", EventQueue::new(function(&service), EventInvokeConfig::new()));
        let mut activities = service.watch();
        let (state, invoker) = (Arc::downgrade(&service.core.state), Arc::downgrade(&service.invoker));
        drop(service);
        assert!(invoker.upgrade().is_none());
        let freed = async {
            while state.upgrade().is_some() {
                sleep(Duration::from_millis(5)).await;
            }
            // The effects of all changes are done, and nobody is left to announce anything.
            activities.recv().await
        };
        assert!(timeout(Duration::from_secs(20), freed).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_function_keeps_the_port_open() {
        let service = MessagingService::start("us-east-1").await.unwrap();
        let (function, address) = (function(&service), service.address());
        drop(service);
        TcpStream::connect(address).await.unwrap();
        drop(function);
        let closed = async {
            while TcpStream::connect(address).await.is_ok() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(20), closed).await.unwrap();
    }
}

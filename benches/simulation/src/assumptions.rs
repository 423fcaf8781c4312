//! What the simulation takes for granted, in one place. Each constant has its source.

/// Microseconds, the unit of time in the simulation.
pub(crate) type Micros = u64;

pub(crate) const MILLISECOND: Micros = 1_000;
pub(crate) const SECOND: Micros = 1_000_000;

/// Environments that Lambda adds to one function in 10 seconds at most. AWS documents the number, and that it refills
/// continuously and does not accrue: <https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html>.
pub(crate) const NEW_ENVIRONMENTS: f64 = 1_000.0;
pub(crate) const NEW_ENVIRONMENTS_A_SECOND: f64 = NEW_ENVIRONMENTS / 10.0;

/// The interval before Lambda tries a throttled event again grows from the first to the second:
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>. That it doubles is assumed. AWS
/// does not document how much longer the interval gets if the queue is long, so the simulation leaves that out.
pub(crate) const FIRST_THROTTLED: Micros = SECOND;
pub(crate) const LONGEST_THROTTLED: Micros = 300 * SECOND;

/// Lambda's pauses before the first and the second retry of an event whose invocation failed: same page.
pub(crate) const AFTER_ERROR: [Micros; 2] = [60 * SECOND, 120 * SECOND];

/// The framework's attempts in a round, and the bounds of the SDK's random pauses between them: `src/callback/client.rs`.
pub(crate) const ATTEMPTS: u32 = 3;
pub(crate) const INITIAL_BACKOFF: Micros = 50 * MILLISECOND;
pub(crate) const MAX_BACKOFF: Micros = SECOND;

/// The framework's pauses between rounds, which double: `src/callback/rounds.rs`.
pub(crate) const FIRST_PAUSE: Micros = 50 * MILLISECOND;
pub(crate) const LONGEST_PAUSE: Micros = 5 * SECOND;

/// The memory that has one whole core: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>. A smaller
/// function has that share of the core, and a larger one is assumed to be no faster, since the filter has one thread.
pub(crate) const MEMORY_OF_A_CORE: f64 = 1_769.0;

/// Until Lambda has an environment in which the process can start: assumed.
pub(crate) const NEW_ENVIRONMENT: Micros = 100 * MILLISECOND;

/// US dollars: a request, and a GB-second on x86_64 in `us-east-1`: <https://aws.amazon.com/lambda/pricing/>.
pub(crate) const REQUEST_USD: f64 = 0.20 / 1e6;
pub(crate) const GB_SECOND_USD: f64 = 0.000_016_666_7;

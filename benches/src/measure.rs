//! Cold starts and warm invocations, the peers in turn, so that what disturbs the machine disturbs all of them.

mod small;

use std::time::{Duration, Instant};

use channel_flow_emulator::{Credentials, Event, OutgoingMessage};

use crate::Error;
use crate::check::Checker;
use crate::environment::{Environment, REGION, Seen, Settings, Transport};
use crate::figures::{Cold, Figures, Samples, billed};
use crate::peer::Peer;
use crate::quota::{Group, Quotas};
use crate::tls::Tls;

/// What everybody says, and the word in it that no one may see.
const CONTENT: &str = "sorry, that was shit: see you all on Thursday, same place";
const WORD: &str = "shit";

/// The warm invocations of a peer come in this many parts, between which the others have their turn.
const PARTS: u32 = 10;

/// Invocations before the time is taken.
const WARM_UP: u32 = 20;

/// How much is measured.
pub(crate) struct Plan {
    pub(crate) cold_starts: u32,
    /// Over HTTP; half as many over HTTPS.
    pub(crate) invocations: u32,
    /// What an invocation may take, as far as the function is told.
    pub(crate) timeout: Duration,
    /// In megabytes: measures cold starts and warm invocations with the share of a core that comes with each.
    pub(crate) memory: Vec<u32>,
    /// How often all of it is measured.
    pub(crate) runs: u32,
}

/// What a function has unless memory is named.
const MEMORY: u32 = 128;

struct Bench {
    tls: Tls,
    checker: Checker,
    credentials: Credentials,
    timeout: Duration,
}

/// Measures all peers once; the figures are in their order.
pub(crate) async fn all(peers: &[Peer], plan: &Plan, quotas: Option<&Quotas>) -> Result<Vec<Figures>, Error> {
    let Plan { cold_starts, invocations, timeout, .. } = *plan;
    let checker = Checker::start().await?;
    let mut bench = Bench { tls: Tls::new()?, credentials: checker.credentials(), checker, timeout };
    let mut figures: Vec<Figures> = peers.iter().map(|_| Figures::default()).collect();
    // The first round brings the binaries into memory and does not count.
    for round in 0..=cold_starts {
        eprintln!("cold starts, round {round} of {cold_starts}");
        for transport in [Transport::Http, Transport::Https] {
            for (peer, figures) in peers.iter().zip(&mut figures) {
                let cold = bench.cold(peer, transport, MEMORY, None).await?;
                if round > 0 {
                    figures.over(transport).cold.push(cold);
                }
            }
        }
    }
    bench.warm(peers, &mut figures, Transport::Http, invocations).await?;
    bench.warm(peers, &mut figures, Transport::Https, invocations / 2).await?;
    if let Some(quotas) = quotas {
        for &megabytes in &plan.memory {
            bench.small(peers, &mut figures, plan, quotas, megabytes).await?;
        }
    }
    Ok(figures)
}

impl Bench {
    async fn cold(
        &mut self,
        peer: &Peer,
        transport: Transport,
        memory: u32,
        group: Option<Group>,
    ) -> Result<Cold, Error> {
        let event = event()?;
        let mut environment = self.start(peer, transport, &event, memory, group).await?;
        let started = environment.started();
        let seen = environment.invocation().await?;
        let page_faults = environment.process().page_faults()?;
        environment.end().await?;
        let (first_poll, cpu_by_then) = seen.first_poll.ok_or("an event was handed out before the first poll")?;
        let cold = Cold {
            first_poll: first_poll - started,
            callback: (first_poll - started) + (seen.called_back - seen.handed_out),
            cpu: seen.cpu,
            cpu_after_first_poll: seen.cpu - cpu_by_then,
            page_faults,
            billed: billed((first_poll - started) + (seen.response - seen.handed_out)),
        };
        self.check(peer, &event, seen).await?;
        Ok(cold)
    }

    async fn warm(
        &mut self,
        peers: &[Peer],
        figures: &mut [Figures],
        transport: Transport,
        invocations: u32,
    ) -> Result<(), Error> {
        let mut environments = Vec::new();
        for peer in peers {
            let event = event()?;
            let mut environment = self.start(peer, transport, &event, MEMORY, None).await?;
            let first = environment.invocation().await?;
            self.check(peer, &event, first).await?;
            environments.push(environment);
        }
        let mut discarded = Samples::default();
        for part in 0..=PARTS {
            eprintln!("warm invocations over {}, part {part} of {PARTS}", transport.name());
            for ((peer, environment), figures) in peers.iter().zip(&mut environments).zip(&mut *figures) {
                let (samples, count) = match part {
                    0 => (&mut discarded, WARM_UP),
                    _ => (figures.over(transport), invocations / PARTS),
                };
                self.part(peer, environment, samples, count).await?;
            }
        }
        for (environment, figures) in environments.into_iter().zip(figures) {
            figures.over(transport).warm.resident = environment.process().resident()?;
            environment.end().await?;
        }
        Ok(())
    }

    async fn part(
        &mut self,
        peer: &Peer,
        environment: &mut Environment,
        samples: &mut Samples,
        count: u32,
    ) -> Result<(), Error> {
        let events = (0..count).map(|_| event()).collect::<Result<Vec<_>, _>>()?;
        let mut all_seen = Vec::with_capacity(events.len());
        let (cpu, started) = (environment.process().cpu()?, Instant::now());
        for event in &events {
            environment.send(event.json().clone())?;
            all_seen.push(environment.invocation().await?);
        }
        samples.warm.wall += started.elapsed();
        samples.warm.cpu += environment.process().cpu()? - cpu;
        for (event, seen) in events.iter().zip(all_seen) {
            samples.warm.responses.push(seen.response - seen.handed_out);
            self.check(peer, event, seen).await?;
        }
        Ok(())
    }

    async fn start(
        &self,
        peer: &Peer,
        transport: Transport,
        first: &Event,
        memory: u32,
        group: Option<Group>,
    ) -> Result<Environment, Error> {
        let settings = Settings { timeout: self.timeout, memory, group };
        Environment::start(peer, transport, &self.tls, &self.credentials, settings, first.json().clone()).await
    }

    async fn check(&mut self, peer: &Peer, event: &Event, seen: Seen) -> Result<(), Error> {
        let Some(callback) = seen.callback else { return Ok(()) };
        let checked = self.checker.check(event, *callback, WORD).await;
        checked.map_err(|error| format!("{}: {error}", peer.name).into())
    }
}

impl Figures {
    fn over(&mut self, transport: Transport) -> &mut Samples {
        match transport {
            Transport::Http => &mut self.http,
            Transport::Https => &mut self.https,
        }
    }
}

fn event() -> Result<Event, Error> {
    Ok(Event::new(OutgoingMessage::new(CONTENT)?, REGION))
}

//! Functions with the share of a core that comes with little memory.

use std::time::Duration;

use channel_flow_emulator::Event;

use super::{Bench, Plan, WARM_UP, event};
use crate::Error;
use crate::environment::{Environment, Transport};
use crate::figures::Figures;
use crate::peer::Peer;
use crate::quota::Quotas;

/// Of the warm invocations without a limit, this many are measured once with it, and as many alone.
const OF_INVOCATIONS: u32 = 20;

impl Bench {
    /// Cold starts and warm invocations over HTTPS with the share of this much memory.
    pub(super) async fn small(
        &mut self,
        peers: &[Peer],
        figures: &mut [Figures],
        plan: &Plan,
        quotas: &Quotas,
        megabytes: u32,
    ) -> Result<(), Error> {
        for round in 0..plan.cold_starts {
            eprintln!("cold starts with {megabytes} MB, round {} of {}", round + 1, plan.cold_starts);
            for (peer, figures) in peers.iter().zip(&mut *figures) {
                let group = quotas.group(megabytes)?;
                let cold = self.cold(peer, Transport::Https, megabytes, Some(group)).await?;
                figures.memory.entry(megabytes).or_default().cold.push(cold);
            }
        }
        eprintln!("warm invocations with {megabytes} MB");
        let mut environments = Vec::new();
        for peer in peers {
            let first = event()?;
            let group = quotas.group(megabytes)?;
            let mut environment = self.start(peer, Transport::Https, &first, megabytes, Some(group)).await?;
            let seen = environment.invocation().await?;
            self.check(peer, &first, seen).await?;
            for _ in 1..WARM_UP {
                self.response(peer, &mut environment, &event()?).await?;
            }
            environments.push(environment);
        }
        for number in 0..plan.invocations.div_ceil(OF_INVOCATIONS) {
            for ((peer, environment), figures) in peers.iter().zip(&mut environments).zip(&mut *figures) {
                rest(number).await;
                let alone = self.response(peer, environment, &event()?).await?;
                figures.memory.entry(megabytes).or_default().alone.push(alone);
            }
        }
        for ((peer, environment), figures) in peers.iter().zip(&mut environments).zip(&mut *figures) {
            let events =
                (0..plan.invocations.div_ceil(OF_INVOCATIONS)).map(|_| event()).collect::<Result<Vec<_>, _>>()?;
            rest(0).await;
            let mut all_seen = Vec::with_capacity(events.len());
            for event in &events {
                environment.send(event.json().clone())?;
                all_seen.push(environment.invocation().await?);
            }
            for (event, seen) in events.iter().zip(all_seen) {
                let busy = &mut figures.memory.entry(megabytes).or_default().busy;
                busy.push(seen.response - seen.handed_out);
                self.check(peer, event, seen).await?;
            }
        }
        for environment in environments {
            environment.end().await?;
        }
        Ok(())
    }

    async fn response(&mut self, peer: &Peer, environment: &mut Environment, event: &Event) -> Result<Duration, Error> {
        environment.send(event.json().clone())?;
        let seen = environment.invocation().await?;
        let duration = seen.response - seen.handed_out;
        self.check(peer, event, seen).await?;
        Ok(duration)
    }
}

/// Waits until the share is whole again, and then for a part of the period, so that events come at all times of it.
async fn rest(number: u32) {
    let period = Quotas::period();
    tokio::time::sleep(2 * period + period * (number * 7 % 20) / 20).await;
}

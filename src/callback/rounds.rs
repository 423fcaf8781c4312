//! How often a callback is sent, and the pauses in between.

use std::time::Duration;

use tokio::time::Instant;

/// The pauses between the rounds of sending. The SDK retries within a round. Further rounds are for problems that last
/// longer, and for refusals that the SDK treats as final. Each pause is twice as long as the one before, so that a
/// function does not add to the load that causes its throttling.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The number of rounds if there is no deadline.
const ROUNDS_WITHOUT_DEADLINE: u32 = 5;

/// Counts rounds until the time runs out.
#[derive(Debug)]
pub(super) struct Rounds {
    deadline: Option<Instant>,
    round: u32,
    pause: Duration,
}

impl Rounds {
    pub(super) fn new(deadline: Option<Instant>) -> Self {
        Self { deadline, round: 1, pause: FIRST_PAUSE }
    }

    /// Returns the pause before another round that begins after `now`, or `None` if there is no time for one.
    pub(super) fn next(&mut self, now: Instant) -> Option<Duration> {
        let over = match self.deadline {
            Some(deadline) => now + self.pause >= deadline,
            None => self.round == ROUNDS_WITHOUT_DEADLINE,
        };
        if over {
            return None;
        }
        let pause = self.pause;
        self.round += 1;
        self.pause = LONGEST_PAUSE.min(pause * 2);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the rounds in an invocation whose requests are answered at once, which is the maximum.
    fn rounds(time: Option<Duration>) -> u32 {
        let start = Instant::now();
        let (mut now, mut count) = (start, 1);
        let mut rounds = Rounds::new(time.map(|time| start + time));
        while let Some(pause) = rounds.next(now) {
            now += pause;
            count += 1;
        }
        count
    }

    #[test]
    fn the_number_of_rounds_is_known() {
        // docs/reliability.md has these numbers.
        assert_eq!(rounds(Some(Duration::from_secs(3))), 6);
        assert_eq!(rounds(Some(Duration::from_secs(10))), 8);
        assert_eq!(rounds(Some(Duration::from_secs(60))), 18);
        assert_eq!(rounds(Some(Duration::from_secs(900))), 186);
        assert_eq!(rounds(Some(Duration::ZERO)), 1);
        assert_eq!(rounds(None), ROUNDS_WITHOUT_DEADLINE);
    }
}

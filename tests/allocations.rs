//! What a flow allocates beyond its steps.

use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use channel_flow::{Decision, Flow, Message, Processor, Step, condition, testing};

/// A rule that finds nothing.
struct Quiet;

impl Processor for Quiet {
    type Error = Infallible;

    async fn process(&self, _: &Message) -> Result<Decision, Infallible> {
        Ok(Decision::no_change())
    }
}

fn quiet(name: &'static str) -> Step<Quiet> {
    Step::new(name, Quiet)
}

/// Returns how often this allocates while it decides a message.
fn allocations(processor: &impl Processor) -> u64 {
    let message = testing::message("Hello").build();
    let mut decided = None;
    let counted = measure(|| {
        let deciding = pin!(processor.process(&message));
        decided = Some(deciding.poll(&mut Context::from_waker(Waker::noop())));
    });
    assert!(matches!(decided, Some(Poll::Ready(Ok(decision))) if decision == Decision::no_change()));
    counted.count_total
}

#[test]
fn a_step_that_leaves_the_message_alone_allocates_nothing() {
    let one = Flow::new().step(quiet("one"));
    let five = Flow::new()
        .step(quiet("one"))
        .step(quiet("two").only_if(condition::from_user()))
        .step(quiet("three").only_if(condition::from_bot()))
        .step(quiet("four"))
        .step(quiet("five"));
    // The first time, what is used once is set up.
    allocations(&one);
    assert_eq!(allocations(&Quiet), 0);
    // The list of the steps, and what carries it to the log line.
    assert_eq!((allocations(&one), allocations(&five)), (2, 2));
}

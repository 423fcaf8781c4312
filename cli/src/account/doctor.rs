//! `doctor`: what is wrong with a deployment.

use crate::account::args::Doctor;
use crate::exit::{Exit, Failure};

pub(crate) async fn run(_args: &Doctor) -> Result<Exit, Failure> {
    Ok(Exit::Decided)
}

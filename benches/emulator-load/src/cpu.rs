//! CPU time, split by who used it: threads of this process by their name, and the processes of functions.

use std::fs;
use std::time::Duration;

use crate::Error;

/// CPU time of the threads of a process that run now, user and system. Those that have ended are left out.
fn of_threads(process: &str, counts: impl Fn(&str) -> bool) -> Result<Duration, Error> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let thread = thread?.path();
        // One that ends meanwhile has no files any more.
        let Ok(name) = fs::read_to_string(thread.join("comm")) else { continue };
        let Ok(statistics) = fs::read_to_string(thread.join("schedstat")) else { continue };
        if counts(name.trim_end()) {
            nanoseconds += statistics.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// CPU time of this process's threads with this name.
pub(crate) fn of_own_threads(name: &str) -> Result<Duration, Error> {
    of_threads("self", |other| other == name)
}

/// CPU time of the threads of other processes.
pub(crate) fn of_processes(ids: impl IntoIterator<Item = u32>) -> Result<Duration, Error> {
    ids.into_iter().map(|id| of_threads(&id.to_string(), |_| true)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_thread_is_its_own() {
        let (busy, idle) = (of_own_threads("no such thread").unwrap(), Duration::ZERO);
        assert_eq!(busy, idle);
        let worked = std::thread::Builder::new().name("works".to_owned()).spawn(|| {
            let mut sum = 0_u64;
            while of_own_threads("works").unwrap() < Duration::from_millis(20) {
                sum = std::hint::black_box(sum.wrapping_add(1));
            }
        });
        worked.unwrap().join().unwrap();
        assert!(of_processes([std::process::id()]).is_ok());
    }
}

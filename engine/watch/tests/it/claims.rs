//! Claims: exclusive, renewed, taken over from the dead only.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use voxloom_watch::claim::{Claims, Owner, Tried};
use voxloom_watch::clock::Clock;

/// A clock that stands still until it is moved.
#[derive(Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

fn stranger(name: &str) -> Owner {
    Owner { host: name.into(), ..Owner::myself() }
}

fn is_mine(tried: Tried) -> bool {
    matches!(tried, Tried::Mine(_))
}

#[test]
fn a_claim_is_anothers_until_its_lease_has_run_out() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    let open = |name| Claims::open(folder.path(), stranger(name), Duration::from_secs(10), clock.clone()).unwrap();
    let (a, b, c) = (open("a"), open("b"), open("c"));
    let name = Path::new("x/y.nii");
    let Tried::Mine(held) = a.take(name).unwrap() else { panic!("nobody has it") };
    assert!(!is_mine(b.take(name).unwrap()) && !is_mine(c.take(name).unwrap()));
    clock.0.store(9, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(20));
    a.renew();
    clock.0.store(18, Ordering::SeqCst);
    assert!(!is_mine(b.take(name).unwrap()), "it was renewed: the lease begins anew at this look");
    clock.0.store(27, Ordering::SeqCst);
    assert!(!is_mine(b.take(name).unwrap()));
    clock.0.store(29, Ordering::SeqCst);
    let Tried::Mine(taken) = b.take(name).unwrap() else { panic!("its owner is dead") };
    assert_eq!((taken.crashes, taken.before.as_ref().map(|owner| owner.host.as_str())), (1, Some("a")));
    assert!(!held.is_mine(), "the old owner sees it before it shows a result");
    assert!(taken.is_mine());
    assert!(!is_mine(c.take(name).unwrap()), "a new claim has a lease of its own");
    taken.release();
    assert!(is_mine(c.take(name).unwrap()));
}

#[test]
fn of_many_that_try_one_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    // A claim of a process of this machine that is no more.
    let dead = Owner { pid: 4_000_000, ..Owner::myself() };
    let Tried::Mine(left) =
        Claims::open(folder.path(), dead, Duration::from_secs(10), clock.clone()).unwrap().take(Path::new("z")).unwrap()
    else {
        panic!("nobody has it")
    };
    drop(left);
    for name in ["fresh", "z"] {
        let winners = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for index in 0..8 {
                let claims = Claims::open(folder.path(), stranger(&format!("h{index}")), Duration::from_secs(10), clock.clone());
                let (claims, winners) = (claims.unwrap(), &winners);
                scope.spawn(move || {
                    // Only an owner of this machine can know that the dead one is dead; strangers wait for its lease.
                    if is_mine(claims.take(Path::new(name)).unwrap()) {
                        winners.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(winners.load(Ordering::SeqCst), u64::from(name == "fresh"), "{name}");
    }
    let here = Claims::open(folder.path(), Owner::myself(), Duration::from_secs(10), clock).unwrap();
    assert!(is_mine(here.take(Path::new("z")).unwrap()), "the dead of this machine are known at once");
}

//! Claims: exclusive, renewed, taken over from the dead only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use voxloom_watch::claim::{Claims, Owner, Purpose, Tried};
use voxloom_watch::clock::Clock;
use voxloom_watch::input::Input;
use voxloom_watch::retire::After;
use voxloom_watch::stamp::{Member, Stamp};

/// What claims are made for does not matter here.
const NOTHING: &Purpose = &Purpose { job: String::new(), takes_away: false };

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

fn input(name: &str, inode: u64) -> Input {
    let stamp = Stamp { device: 0, inode, size: 1, modified: 2, changed: 3 };
    let members = vec![Member { path: name.into(), stamp }];
    Input { name: name.into(), members, beside: Vec::new(), is_group: false, complete: Duration::ZERO, seen: 0.0 }
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
    let name = &input("x/y.nii", 1);
    let Tried::Mine(held) = a.take(name, NOTHING).unwrap() else { panic!("nobody has it") };
    held.begins(0);
    assert!(!is_mine(b.take(name, NOTHING).unwrap()) && !is_mine(c.take(name, NOTHING).unwrap()));
    clock.0.store(9, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(20));
    a.renew();
    clock.0.store(18, Ordering::SeqCst);
    assert!(!is_mine(b.take(name, NOTHING).unwrap()), "it was renewed: the lease begins anew at this look");
    clock.0.store(27, Ordering::SeqCst);
    assert!(!is_mine(b.take(name, NOTHING).unwrap()));
    clock.0.store(29, Ordering::SeqCst);
    let Tried::Mine(taken) = b.take(name, NOTHING).unwrap() else { panic!("its owner is dead") };
    assert_eq!((taken.crashes(), taken.before.as_ref().map(|owner| owner.host.as_str())), (1, Some("a")));
    assert!(!held.is_mine(), "the old owner sees it before it shows a result");
    assert!(taken.is_mine());
    assert!(!is_mine(c.take(name, NOTHING).unwrap()), "a new claim has a lease of its own");
    taken.release();
    assert!(is_mine(c.take(name, NOTHING).unwrap()));
}

/// A share may remember an old time of change, or keep whole seconds only.
#[test]
fn a_claim_is_alive_as_long_as_it_is_renewed_whatever_its_time_says() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    let open = |name| Claims::open(folder.path(), stranger(name), Duration::from_secs(10), clock.clone()).unwrap();
    let (a, b) = (open("a"), open("b"));
    let name = &input("x", 1);
    let Tried::Mine(held) = a.take(name, NOTHING).unwrap() else { panic!("nobody has it") };
    let file = std::fs::read_dir(folder.path().join(".voxloom/claims")).unwrap().next().unwrap().unwrap().path();
    for seconds in [0, 9, 18, 27, 36] {
        clock.0.store(seconds, Ordering::SeqCst);
        a.renew();
        std::fs::File::open(&file).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(!is_mine(b.take(name, NOTHING).unwrap()), "after {seconds} s");
    }
    clock.0.store(47, Ordering::SeqCst);
    assert!(is_mine(b.take(name, NOTHING).unwrap()));
    // Its owner slept, others were done, and the same name is that of a new claim.
    let claims = open("c");
    std::fs::remove_dir_all(folder.path().join(".voxloom/claims")).unwrap();
    std::fs::create_dir(folder.path().join(".voxloom/claims")).unwrap();
    let Tried::Mine(new) = claims.take(name, NOTHING).unwrap() else { panic!("nobody has it") };
    a.renew();
    held.begins(7);
    assert!(new.is_mine() && !held.is_mine());
    held.release();
    assert!(new.is_mine(), "it is not the old owner's to give back");
}

#[test]
fn of_many_that_try_one_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    // A claim of a process of this machine that is no more.
    let dead = Owner { pid: 4_000_000, ..Owner::myself() };
    let Tried::Mine(left) =
        Claims::open(folder.path(), dead, Duration::from_secs(10), clock.clone()).unwrap().take(&input("z", 1), NOTHING).unwrap()
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
                    if is_mine(claims.take(&input(name, 1), NOTHING).unwrap()) {
                        winners.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(winners.load(Ordering::SeqCst), u64::from(name == "fresh"), "{name}");
    }
    let here = Claims::open(folder.path(), Owner::myself(), Duration::from_secs(10), clock).unwrap();
    assert!(is_mine(here.take(&input("z", 1), NOTHING).unwrap()), "the dead of this machine are known at once");
}

#[test]
fn crashes_are_counted_from_owner_to_owner() {
    let folder = tempfile::tempdir().unwrap();
    let dead = |pid| Owner { pid, ..Owner::myself() };
    let take = |owner, input: &Input| {
        let claims = Claims::open(folder.path(), owner, Duration::from_secs(10), Arc::new(Hand::default())).unwrap();
        match claims.take(input, NOTHING).unwrap() {
            Tried::Mine(claim) => claim,
            Tried::Held { .. } => panic!("its owner is dead"),
        }
    };
    let one = input("a", 1);
    let mut other = one.clone();
    other.members[0].stamp.size += 1;
    take(dead(4_000_001), &one).begins(0);
    // Another mount of the same share has inode numbers of its own.
    let second = take(dead(4_000_002), &input("a", 2));
    assert_eq!(second.crashes(), 1);
    // Its own ledger knows of one more.
    second.begins(2);
    assert_eq!(take(dead(4_000_003), &one).crashes(), 3);
    assert_eq!(take(dead(4_000_004), &one).crashes(), 3, "the one before had not begun");
    let ended = take(dead(4_000_005), &one);
    ended.begins(3);
    ended.ends(3);
    assert_eq!(take(dead(4_000_006), &one).crashes(), 3, "it had ended");
    assert_eq!(take(dead(4_000_007), &other).crashes(), 0, "another content under the same name");
}

#[test]
fn who_leaves_in_order_blames_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let open = |owner| Claims::open(folder.path(), owner, Duration::from_secs(10), Arc::new(Hand::default())).unwrap();
    let leaving = open(Owner { pid: 4_000_001, ..Owner::myself() });
    let Tried::Mine(claim) = leaving.take(&input("a", 1), NOTHING).unwrap() else { panic!("nobody has it") };
    claim.begins(1);
    leaving.absolve();
    let Tried::Mine(next) = open(Owner::myself()).take(&input("a", 1), NOTHING).unwrap() else { panic!("its owner is dead") };
    assert_eq!(next.crashes(), 1);
}

#[test]
fn a_watcher_with_another_pipeline_that_takes_inputs_away_is_told_of_once() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Hand::default());
    let open = |name| Claims::open(folder.path(), stranger(name), Duration::from_secs(10), clock.clone()).unwrap();
    let (one, two) = (Purpose::new("one", After::Keep), Purpose::new("two", After::Move));
    let (a, b) = (open("a"), open("b"));
    let _held = ["x", "y"].map(|name| a.take(&input(name, 1), &one).unwrap());
    let rival = |name, purpose| match b.take(&input(name, 1), purpose).unwrap() {
        Tried::Held { rival } => rival.map(|owner| owner.host),
        Tried::Mine(_) => panic!("it is held"),
    };
    assert_eq!(rival("x", &one), None, "the same pipeline");
    assert_eq!(rival("x", &two).as_deref(), Some("a"));
    assert_eq!(rival("y", &two), None, "it was said");
}

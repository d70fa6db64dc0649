//! Exceptions of a C++ plugin stop at the border.

use super::{compile, find, folder};
use std::ptr::{null, null_mut};
use voxloom_abi::{Sink, Status, Str, Value, status};
use voxloom_core::graph::Operator;
use voxloom_core::load::Plugins;
use voxloom_testkit::host::Host;

fn plugin(name: &str) -> Plugins {
    let file = folder(name).join("it.so");
    compile("c++", "thrown.cpp", &file, &["-std=c++17".into()]);
    find(&[file])
}

/// Runs one instance as often as `times`; the status and message of each run.
fn runs(operator: &Operator, how: &str, times: usize) -> Vec<(Status, String)> {
    let (table, context) = (operator.table, Host::default().context());
    let params = format!(r#"{{"how":"{how}"}}"#);
    let (mut instance, mut call, mut error) = (null_mut(), null_mut(), String::new());
    // SAFETY: as the contract says: create, bind, run, unbind, destroy, with texts and values that outlive each call.
    unsafe {
        let made = (table.create)(&raw const context, Str::lend(&params), &raw mut instance, &Sink::to(&mut error));
        if made != status::OK {
            return vec![(made, error)];
        }
        let bound = (table.bind)(instance, 0, Str::lend("{}"), null(), null(), 0, &raw mut call, &Sink::to(&mut error));
        assert_eq!(bound, status::OK, "{error}");
        let told = (0..times).map(|_| {
            let (mut output, mut error) = (Value::NONE, String::new());
            let ran = (table.run)(call, &raw const context, null(), 0, &raw mut output, 1, &Sink::to(&mut error));
            if ran == status::OK {
                ((*output.table).json.expect("a json value"))(output.handle, &Sink::to(&mut error));
                ((*output.table).release)(output.handle);
            }
            (ran, error)
        });
        let told = told.collect();
        (table.unbind)(call);
        (table.destroy)(instance);
        told
    }
}

#[test]
fn exceptions_become_statuses_and_poison_their_instance() {
    let plugins = plugin("thrown");
    let operator = plugins.loaded("thrown.throw").expect("found").expect("opened");
    let refused = (status::POISONED, "refused: an earlier call of this instance threw, and its state may be broken".to_owned());
    assert_eq!(runs(&operator, "exception", 2), [(status::PANICKED, "threw: the disk is on fire".to_owned()), refused.clone()]);
    assert_eq!(runs(&operator, "number", 2), [(status::PANICKED, "threw: an exception without a message".to_owned()), refused]);
    assert_eq!(runs(&operator, "early", 1), [(status::PANICKED, "threw: thrown while it was made".to_owned())]);
}

#[test]
fn a_failure_that_was_foreseen_fails_its_item_only() {
    let plugins = plugin("foreseen");
    let operator = plugins.loaded("thrown.throw").expect("found").expect("opened");
    let failed = (status::FAILED, "this item is too small".to_owned());
    assert_eq!(runs(&operator, "failed", 2), [failed.clone(), failed]);
    assert_eq!(runs(&operator, "nothing", 1), [(status::FAILED, "output `said` was not written".to_owned())]);
    assert_eq!(runs(&operator, "caf\\u00e9 \\ud83d\\ude00", 1), [(status::OK, "{\"how\": \"café 😀\"}".to_owned())]);
}

#[test]
fn a_check_names_its_parameter() {
    let plugins = plugin("checked");
    let mut error = String::new();
    let params = Str::lend(r#"{"how":"never"}"#);
    // SAFETY: a complete table, and texts that outlive the call.
    let verdict = unsafe { (plugins.operators()["thrown.throw"].table.check)(u32::MAX, params, &Sink::to(&mut error)) };
    assert_eq!((verdict, error.as_str()), (status::INVALID, "how\tmust not be \"never\""));
}

//! Where plugins are found, and which one wins.

use super::{find, folder, plain};
use voxloom_core::load::{Config, Fault, Plugins};

#[test]
fn the_first_plugin_of_a_name_wins() {
    let folder = folder("first");
    std::fs::create_dir_all(folder.join("b")).unwrap();
    plain(&folder.join("z.so"), &["ABOUT=\"The one that was asked for.\""]);
    plain(&folder.join("b/a.so"), &["ABOUT=\"The one in the folder.\""]);
    let asked = Config::only(vec![folder.join("z.so")], super::scanner());
    let plugins = Plugins::find(&Config { folders: vec![folder.join("b"), folder.join("absent")], ..asked });
    assert_eq!(plugins.operators()["plain.echo"].description.about, "The one that was asked for.");
    let message = plugins.skipped()[0].to_string();
    assert!(
        message.ends_with(&format!("there is already a plugin `plain`, from {}", folder.join("z.so").display())),
        "{message}"
    );
}

#[test]
fn what_is_asked_for_must_exist() {
    let plugins = find(&["no/such/plugin.so".into()]);
    assert!(matches!(plugins.skipped()[0].fault, Fault::Missing));
    assert_eq!(plugins.skipped()[0].to_string(), "no/such/plugin.so: no such file or folder");
}

#[test]
fn a_file_that_is_named_twice_is_taken_once() {
    let folder = folder("twice");
    plain(&folder.join("it.so"), &[]);
    let plugins = find(&[folder.clone(), folder.join("it.so")]);
    assert_eq!((plugins.libraries().len(), plugins.skipped().len()), (1, 0));
}

#[test]
fn operators_come_in_the_order_of_their_names() {
    let folder = folder("names");
    plain(&folder.join("a.so"), &["NAME=\"zebra\"", "OPERATOR=\"zebra.echo\""]);
    plain(&folder.join("b.so"), &["NAME=\"ant\"", "OPERATOR=\"ant.echo\""]);
    let plugins = find(&[folder]);
    assert_eq!(plugins.operators().keys().collect::<Vec<_>>(), ["ant.echo", "zebra.echo"]);
}

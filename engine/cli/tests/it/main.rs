//! The whole program, as people use it: what it prints where, and how it ends.

#[path = "../../../watch/tests/it/browser.rs"]
mod browser;
mod check;
mod combine;
mod dicom;
mod generated;
mod hippocampus;
mod kinds;
mod pcrl;
mod plugins;
mod run;
mod slices;
mod stage;
mod watch;
mod watch_dicom;
mod watch_folders;
mod watch_log;
mod watch_page;
mod watch_slices;
mod watch_weights;
mod xrays;

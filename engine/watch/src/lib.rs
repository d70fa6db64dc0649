//! The folder engine: what arrives in a folder is claimed, run, committed and recorded, once each.
//!
//! It knows folders, not medicine: what a job does is the caller's [`job::Job`], which files belong together the caller's
//! [`grouping::Grouping`]. Nothing here prints or exits; what happens is told to an [`notice::Observer`].
//!
//! The way of an input: [`events`] hint, [`scan`] finds, [`settle`] waits until it is complete, [`claim`] makes it one
//! watcher's, [`attempt`] runs it, [`commit`] shows the result whole, [`ledger`] records it, [`retire`] puts the input away.

pub mod attempt;
mod carry;
pub mod claim;
pub mod clock;
pub mod commit;
pub mod config;
pub mod content;
pub mod error;
pub mod events;
pub mod grouping;
pub mod input;
pub mod job;
pub mod ledger;
pub mod live;
pub mod mark;
pub mod names;
pub mod notice;
pub mod outcome;
pub mod place;
pub mod retire;
pub mod retry;
pub mod scan;
pub mod settle;
pub mod source;
pub mod stamp;
pub mod status;
pub mod watcher;
pub mod web;
pub mod words;

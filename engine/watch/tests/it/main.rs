//! The folder engine as a whole: killed, doubled, misled, and out of space.

mod arrive;
mod browser;
mod claims;
mod disk;
mod events;
mod kill;
mod ledger;
mod odd;
mod page;
mod stage;
mod two;
mod web;

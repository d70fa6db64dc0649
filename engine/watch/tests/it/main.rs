//! The folder engine as a whole: killed, doubled, misled, and out of space.

mod again;
mod arrive;
mod beside;
mod browser;
mod claims;
mod disk;
mod events;
mod folders;
mod kill;
mod late;
mod ledger;
mod ledger_files;
mod odd;
mod page;
mod put_away;
mod results;
mod slow;
mod stage;
mod two;
mod unseen;
mod users;
mod web;

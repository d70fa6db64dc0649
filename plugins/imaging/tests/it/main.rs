//! Integration tests of the imaging plugin, in one binary to link once.

mod reference;

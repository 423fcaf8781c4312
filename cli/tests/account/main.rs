//! `apply`, `destroy` and `doctor`, built, against the emulator's messaging service and a stand-in for Lambda and IAM.

#![cfg(feature = "account")]

mod apply;
mod doctor;
mod scene;
mod stand_in;

//! A release binary holds the packs: make it anew when one is added or removed. In development they are read from disk.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "this is how a build script talks with cargo")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../../packs");
    }
}

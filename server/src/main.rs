//! `nexus`: one binary for serving, working and operating.

fn main() -> std::process::ExitCode {
    nexus_server::main()
}

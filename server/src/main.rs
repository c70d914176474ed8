//! `nexus`: one binary for serving, working and operating.

/// Drawing a page makes some ten thousand small allocations: with the system's allocator they were half of its cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    nexus_server::main()
}

//! The binary `gen`: everything happens in the library.

fn main() -> std::process::ExitCode {
    fleetgen::cli::main()
}

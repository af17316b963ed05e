//! Has the built-in packs embedded anew when a file comes or goes, which `include_dir` does not notice.

fn main() {
    println!("cargo::rerun-if-changed=packs");
}

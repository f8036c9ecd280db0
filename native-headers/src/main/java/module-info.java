/// The kernel's and the C library's names as Java, made by jextract from `include/`; see `README.md`. No behaviour.
module straddle.linux {
    exports straddle.linux.kvm;
    exports straddle.linux.libc;
}

/// What Java lacks of the host, made safe: shared and executable memory, signals, files by descriptor and errno.
/// The C library is called here and in the KVM engine only.
module straddle.host {
    requires straddle.linux;

    exports straddle.host;
}

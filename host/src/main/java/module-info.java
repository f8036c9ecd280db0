/// What Java lacks of the host, made safe: shared and executable memory, signals, files by descriptor and errno.
/// The C library is called here and in the KVM engine only.
module straddle.host {
    requires transitive straddle.core;
    requires straddle.linux;

    exports straddle.host;

    provides straddle.core.memory.HostCode with
            straddle.host.HostMachineCode;
    provides straddle.core.memory.WideExchange with
            straddle.host.HostWideExchange;
}

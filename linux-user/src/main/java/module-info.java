/// A Linux process as a guest: loads programs of any instruction set that there is a front end for, and carries their
/// system calls out on the host.
module straddle.linux.user {
    requires transitive straddle.core;
    requires transitive straddle.host;

    exports straddle.linux.user;
}

package straddle.core.user;

import straddle.core.arch.x86.X86State;
import straddle.core.vcpu.UserState;

/// The state of a thread of an x86-64 program, for a [NativeVcpu] that runs it for a while.
public interface NativeProgram {
    /// All but x87 and vector registers.
    void saveUser(UserState to);

    void loadUser(UserState from);

    /// x87 and vector registers: the XSAVE image.
    void saveExtended(X86State to);

    void loadExtended(X86State from);
}

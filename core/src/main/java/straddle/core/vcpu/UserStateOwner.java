package straddle.core.vcpu;

import straddle.core.arch.x86.X86State;

/// Has the state of x86-64 user code, which another engine runs for a while: a guest's, or a program's that has no other.
public interface UserStateOwner {
    /// Copies out what user code sees. Allocates nothing.
    void saveUser(UserState to);

    /// Takes over from another engine what user code may have changed. A segment with another selector is loaded by that: of 64-bit
    /// code FS and GS bases aside, of other code where it is otherwise the same as before. Allocates nothing as long as selectors stay.
    void loadUser(UserState from);

    /// Copies out x87 and vector state only, as [X86State#xsave] has it.
    void saveExtended(X86State to);

    /// Takes over x87 and vector state only.
    void loadExtended(X86State from);
}

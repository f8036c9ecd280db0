package straddle.core.vcpu;

/// An engine that takes user code from a translator: user code that the guest's kernel has just entered,
/// or that a page of memory starts to hold in translated form.
public interface UserCodeTaker {
    /// Whether 32-bit and 16-bit user code of protected mode is to be offered, too, beside 64-bit code. Always the same.
    default boolean takesProtectedMode() {
        return false;
    }

    /// The guest is about to run user code at privilege level 3, or to go on with it. If wanted, [Vcpu#run()] returns
    /// [Exit.UserCode] in front of it. On the vCPU's thread; allocates nothing.
    ///
    /// @param addressSpace as [UserState#addressSpace]
    boolean wants(long addressSpace);

    /// The translator has no such instruction, or hides it: if wanted, [Vcpu#run()] returns [Exit.UserCode] in
    /// front of it instead of raising the guest's exception. On the vCPU's thread.
    ///
    /// @param pc where it is
    boolean wantsUndefined(long pc);

    /// User code that was not taken has entered the kernel again, or has computed for so long that it is offered once
    /// more. On the vCPU's thread; allocates nothing.
    ///
    /// @param addressSpace as [UserState#addressSpace]
    /// @param instructions that it executed, to within a translation block
    /// @param goesOn whether it did not enter the kernel
    void translated(long addressSpace, long instructions, boolean goesOn);

    /// The translator is about to read code from a page: from now on it has to see every store there. Any
    /// vCPU's thread.
    ///
    /// @param gpa of the page
    void codeFound(long gpa);

    /// Another vCPU is about to change memory in several steps that are to look like one. Returns once this vCPU's
    /// user code is off the processor, where it stays until [#letIn()]. Any other vCPU's thread, one at a time.
    void keepOut();

    void letIn();
}

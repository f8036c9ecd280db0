package straddle.tcg.x86;

/// Operand codes of the SDM's opcode maps (volume 2, appendix A.2), where it has them.
///
/// First letter, the place: E general register or memory by ModR/M, G general register by ModR/M.reg, I
/// immediate, J relative, M memory only, O direct offset, S segment register, C and D control and debug
/// registers, Z the register in the opcode's low bits, V and W XMM register and XMM register or memory, U
/// XMM by ModR/M.rm, P, Q and N the same for MMX. Then the size: b, w, d, q, dq; v by operand size, z at most
/// 4 bytes, y 4 or 8.
public enum Operand {
    Eb,
    Ew,
    Ed,
    Eq,
    Ev,
    Ey,
    Gb,
    Gw,
    Gd,
    Gv,
    Gy,
    Ib,
    /// Sign-extended byte.
    Is,
    Iw,
    Iz,
    Iv,
    Jb,
    Jz,
    M,
    Mb,
    Mw,
    Md,
    Mq,
    Mt,
    Mdq,
    /// Far pointer in memory.
    Mp,
    /// Far pointer in the instruction.
    Ap,
    Ob,
    Ov,
    Sw,
    Cd,
    Dd,
    Zb,
    Zv,
    AL,
    AX,
    /// AX, EAX or RAX by operand size.
    rAX,
    CL,
    DX,
    /// The constant 1.
    One,
    ES,
    CS,
    SS,
    DS,
    FS,
    GS,
    Vdq,
    Wb,
    Ww,
    Wd,
    Wq,
    Wdq,
    Udq,
    Pq,
    Qd,
    Qq,
    Nq;

    /// Whether a ModR/M byte names it.
    public boolean isInModRm() {
        return switch (this) {
            case Ib,
                    Is,
                    Iw,
                    Iz,
                    Iv,
                    Jb,
                    Jz,
                    Ap,
                    Ob,
                    Ov,
                    Zb,
                    Zv,
                    AL,
                    AX,
                    rAX,
                    CL,
                    DX,
                    One,
                    ES,
                    CS,
                    SS,
                    DS,
                    FS,
                    GS ->
                    false;
            default -> true;
        };
    }
}

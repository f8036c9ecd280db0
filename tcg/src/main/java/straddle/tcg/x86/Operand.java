package straddle.tcg.x86;

/// Operand codes of the SDM's opcode maps (volume 2, appendix A.2), where it has them.
///
/// First letter, the place: E general register or memory by ModR/M, G general register by ModR/M.reg, I
/// immediate, J relative, M memory only, O direct offset, S segment register, C and D control and debug
/// registers, Z the register in the opcode's low bits, V and W XMM register and XMM register or memory, U
/// XMM by ModR/M.rm, P, Q and N the same for MMX, B general and H vector register by VEX.vvvv, L vector register
/// by an immediate's top bits. Then the size: b, w, d, q, dq, qq; v by operand size, z at most 4 bytes, y 4 or 8;
/// x is dq or qq by VEX.L, and xh, xq and xo are half, a quarter and an eighth of it.
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
    Vx,
    Vqq,
    Wx,
    Wxh,
    Wxq,
    Wxo,
    Wqq,
    Ux,
    Mx,
    /// Memory at a base and a vector of indices (SDM volume 2, 2.3.12).
    Mvs,
    Hdq,
    Hx,
    Hqq,
    By,
    Lx,
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
                    GS,
                    Hdq,
                    Hx,
                    Hqq,
                    By,
                    Lx ->
                    false;
            default -> true;
        };
    }

    /// Whether VEX.vvvv names it.
    public boolean isInVvvv() {
        return switch (this) {
            case Hdq, Hx, Hqq, By -> true;
            default -> false;
        };
    }
}

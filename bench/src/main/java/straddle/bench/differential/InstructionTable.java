package straddle.bench.differential;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// The user-level instructions of 64-bit mode, as rows of the SDM's opcode maps (volume 2, appendix A),
/// and the cells of (row × operand form × size × prefix) that a test covers.
///
/// A row is `opcode | MNEMONIC operands | attributes`. The opcode is hexadecimal bytes, mandatory
/// prefix first, then `/n` for an extension in ModRM.reg or `+r` for a register in the opcode's low bits.
/// Operands have the manual's codes, with the bytes in memory where the manual's letter does not say
/// it: `E`, `G`, `M`, `R`, `Z`, `I`, `J`, `O` with `b w d q v y z`; `V`, `U` (register only), `W` for XMM and
/// `P`, `N` (register only), `Q` for MMX registers, followed by the bytes that a memory form reads;
/// an aligned 16-byte memory operand is `W16`, an unaligned one `W16u`.
///
/// What is left out, and why, is in [#LEFT_OUT].
final class InstructionTable {
    /// Instructions whose results can't be compared with this host's processor, with the reason.
    static final String LEFT_OUT =
            """
            LOCK with LFENCE, MFENCE, SFENCE: AMD's processors ignore it
            CPUID, RDTSC, RDTSCP, RDPMC, RDRAND, RDSEED, RDPID, XGETBV: their results differ from run to run or from host to host
            RCPPS, RCPSS, RSQRTPS, RSQRTSS and their VEX forms: approximations that the manual bounds and each processor makes its own way
            FSIN, FCOS, FSINCOS, FPTAN, FPATAN, F2XM1, FYL2X, FYL2XP1: processors differ in the last place (SDM volume 1, 8.3.10)
            SYSCALL, SYSENTER, INT n, INT1: hosts' KVMs deliver them in ways of their own
            MOV to and from Sreg, LAR, LSL, VERR, VERW: where the host's KVM lacks hardware support, user code sees
              the host's selectors and descriptors
            POPF of NT, addresses that cross into the non-canonical hole: such a KVM loses the one and misreads the other
            FLDENV, FNSTENV, FNSAVE, FRSTOR, FXSAVE, FXRSTOR, XSAVE and its kin: processors differ in when they keep FOP, FIP and FDP
            near branches with an operand-size prefix: AMD's and Intel's processors differ
            CVTPI2PS from memory: Intel's processors turn the x87 unit to MMX, AMD's don't
            misaligned operands of SHA instructions: AMD's processors don't mind
            #AC of x87, MMX and SSE operands, and faults of MASKMOVQ and MASKMOVDQU: left to the implementation
              (SDM volume 2, MOVDQU, MASKMOVDQU)
            #SS or #GP, of an aligned operand on the stack that is neither aligned nor canonical: hosts' KVMs, which interpret
              some instructions again, say the one, AMD's processors the other
            #AC or #PF first, of an access that deserves both: the SDM's order (volume 3, table 7-2) is not AMD's
            VPERMQ and VPERMPD with VEX.W clear: AMD's processors accept it
            AAA and the other instructions that 64-bit mode lacks
            """;

    private static final String[] CONDITIONS = {
        "O", "NO", "B", "NB", "Z", "NZ", "BE", "NBE", "S", "NS", "P", "NP", "L", "NL", "LE", "NLE"
    };
    private static final String[] ALU = {"ADD", "OR", "ADC", "SBB", "AND", "SUB", "XOR", "CMP"};
    private static final String[] SHIFTS = {"ROL", "ROR", "RCL", "RCR", "SHL", "SHR", "", "SAR"};

    private static final String GENERAL =
            """
            # move
            63 | MOVSXD Gv,Ed | only32,64
            86 | XCHG Eb,Gb | lock both
            87 | XCHG Ev,Gv | lock both
            88 | MOV Eb,Gb |
            89 | MOV Ev,Gv |
            8a | MOV Gb,Eb |
            8b | MOV Gv,Ev |
            8d | LEA Gv,M |
            90 | NOP |
            f3 90 | PAUSE |
            90 +r | XCHG Zv,rAX | not0
            98 | CBW rAX |
            99 | CWD rAX |
            a0 | MOV AL,Ob |
            a1 | MOV rAX,Ov |
            a2 | MOV Ob,AL | stores
            a3 | MOV Ov,rAX | stores
            b0 +r | MOV Zb,Ib |
            b8 +r | MOV Zv,Iv |
            c6 /0 | MOV Eb,Ib |
            c7 /0 | MOV Ev,Iz |
            d7 | XLAT | setup=xlat
            0f b6 | MOVZX Gv,Eb |
            0f b7 | MOVZX Gv,Ew |
            0f be | MOVSX Gv,Eb |
            0f bf | MOVSX Gv,Ew |
            0f c3 | MOVNTI My,Gy |
            0f c8 +r | BSWAP Zy |
            0f 38 f0 | MOVBE Gv,Mv |
            0f 38 f1 | MOVBE Mv,Gv |
            0f 18 /0 | PREFETCHNTA Mb | nofault
            0f 18 /1 | PREFETCHT0 Mb | nofault
            0f 18 /2 | PREFETCHT1 Mb | nofault
            0f 18 /3 | PREFETCHT2 Mb | nofault
            0f 0d /1 | PREFETCHW Mb | nofault
            0f 1f /0 | NOP Ev | nofault
            f3 0f 1e fa | ENDBR64 |
            0f ae /7 | CLFLUSH Mb |
            66 0f ae /7 | CLFLUSHOPT Mb |
            66 0f ae /6 | CLWB Mb |
            0f ae e8 | LFENCE | anylock
            0f ae f0 | MFENCE | anylock
            0f ae f8 | SFENCE | anylock
            # stack
            50 +r | PUSH Zv | d64
            58 +r | POP Zv | d64
            68 | PUSH Iz | d64
            6a | PUSH Ib | d64
            8f /0 | POP Ev | d64
            ff /6 | PUSH Ev | d64 reads
            9c | PUSHF | d64
            9d | POPF | d64 setup=popf
            c8 | ENTER Iw,Ib | setup=enter
            c9 | LEAVE | setup=leave
            # flags
            9e | SAHF |
            9f | LAHF |
            f5 | CMC |
            f8 | CLC |
            f9 | STC |
            fc | CLD |
            fd | STD |
            # multiply
            69 | IMUL Gv,Ev,Iz | undefined=MULTIPLY
            6b | IMUL Gv,Ev,Ib | undefined=MULTIPLY
            0f af | IMUL Gv,Ev | undefined=MULTIPLY
            f6 /4 | MUL Eb | undefined=MULTIPLY reads
            f7 /4 | MUL Ev | undefined=MULTIPLY reads
            f6 /5 | IMUL Eb | undefined=MULTIPLY reads
            f7 /5 | IMUL Ev | undefined=MULTIPLY reads
            f6 /6 | DIV Eb | undefined=DIVIDE reads setup=div
            f7 /6 | DIV Ev | undefined=DIVIDE reads setup=div
            f6 /7 | IDIV Eb | undefined=DIVIDE reads setup=idiv
            f7 /7 | IDIV Ev | undefined=DIVIDE reads setup=idiv
            # alu
            84 | TEST Eb,Gb | undefined=LOGIC reads
            85 | TEST Ev,Gv | undefined=LOGIC reads
            a8 | TEST AL,Ib | undefined=LOGIC
            a9 | TEST rAX,Iz | undefined=LOGIC
            f6 /0 | TEST Eb,Ib | undefined=LOGIC reads
            f7 /0 | TEST Ev,Iz | undefined=LOGIC reads
            f6 /2 | NOT Eb | lock
            f7 /2 | NOT Ev | lock
            f6 /3 | NEG Eb | lock
            f7 /3 | NEG Ev | lock
            fe /0 | INC Eb | lock
            ff /0 | INC Ev | lock
            fe /1 | DEC Eb | lock
            ff /1 | DEC Ev | lock
            0f b0 | CMPXCHG Eb,Gb | lock setup=cmpxchg
            0f b1 | CMPXCHG Ev,Gv | lock setup=cmpxchg
            0f c0 | XADD Eb,Gb | lock both
            0f c1 | XADD Ev,Gv | lock both
            0f c7 /1 | CMPXCHG8B Mq | lock only32 setup=cmpxchg8b
            0f c7 /1 | CMPXCHG16B Mx | lock only64 setup=cmpxchg8b
            66 0f 38 f6 | ADCX Gy,Ey |
            f3 0f 38 f6 | ADOX Gy,Ey |
            # bits
            0f a3 | BT Ev,Gv | undefined=BIT_TEST reads setup=bit
            0f ab | BTS Ev,Gv | undefined=BIT_TEST lock setup=bit
            0f b3 | BTR Ev,Gv | undefined=BIT_TEST lock setup=bit
            0f bb | BTC Ev,Gv | undefined=BIT_TEST lock setup=bit
            0f ba /4 | BT Ev,Ib | undefined=BIT_TEST reads
            0f ba /5 | BTS Ev,Ib | undefined=BIT_TEST lock
            0f ba /6 | BTR Ev,Ib | undefined=BIT_TEST lock
            0f ba /7 | BTC Ev,Ib | undefined=BIT_TEST lock
            0f bc | BSF Gv,Ev | undefined=BIT_SCAN
            0f bd | BSR Gv,Ev | undefined=BIT_SCAN
            f3 0f bc | TZCNT Gv,Ev | undefined=COUNT_ZEROS
            f3 0f bd | LZCNT Gv,Ev | undefined=COUNT_ZEROS
            f3 0f b8 | POPCNT Gv,Ev |
            f2 0f 38 f0 | CRC32 Gy,Eb |
            f2 0f 38 f1 | CRC32 Gd,Ew | only16
            f2 0f 38 f1 | CRC32 Gy,Ey |
            0f a4 | SHLD Ev,Gv,Ib | undefined=SHIFT_DOUBLE
            0f a5 | SHLD Ev,Gv,CL | undefined=SHIFT_DOUBLE setup=cl
            0f ac | SHRD Ev,Gv,Ib | undefined=SHIFT_DOUBLE
            0f ad | SHRD Ev,Gv,CL | undefined=SHIFT_DOUBLE setup=cl
            # string
            a4 | MOVSB | rep setup=string
            a5 | MOVS | sizes16,32,64 rep setup=string
            a6 | CMPSB | repe repne setup=string
            a7 | CMPS | sizes16,32,64 repe repne setup=string
            aa | STOSB | rep setup=string
            ab | STOS | sizes16,32,64 rep setup=string
            ac | LODSB | rep setup=string
            ad | LODS | sizes16,32,64 rep setup=string
            ae | SCASB | repe repne setup=string
            af | SCAS | sizes16,32,64 repe repne setup=string
            # branch
            e0 | LOOPNE Jb | setup=loop addr32
            e1 | LOOPE Jb | setup=loop addr32
            e2 | LOOP Jb | setup=loop addr32
            e3 | JRCXZ Jb | setup=loop addr32
            e8 | CALL Jz |
            e9 | JMP Jz |
            eb | JMP Jb |
            ff /2 | CALL Ev | f64 reads setup=target
            ff /4 | JMP Ev | f64 reads setup=target
            c2 | RET Iw | setup=ret
            c3 | RET | setup=ret
            # segment
            f3 0f ae /0 | RDFSBASE Ry |
            f3 0f ae /1 | RDGSBASE Ry |
            f3 0f ae /2 | WRFSBASE Ry | reads setup=base
            f3 0f ae /3 | WRGSBASE Ry | reads setup=base
            # refused
            0f 0b | UD2 | last
            0f ff | UD0 Gd,Ed | last
            0f b9 | UD1 Gd,Ed | last
            cc | INT3 | last
            f4 | HLT | last
            fa | CLI | last
            fb | STI | last
            e4 | IN AL,Ib | last
            e5 | IN eAX,Ib | last
            e6 | OUT Ib,AL | last
            e7 | OUT Ib,eAX | last
            ec | IN AL,DX | last
            ed | IN eAX,DX | last
            ee | OUT DX,AL | last
            ef | OUT DX,eAX | last
            6c | INSB | last setup=string
            6e | OUTSB | last setup=string
            0f 06 | CLTS | last
            0f 08 | INVD | last
            0f 09 | WBINVD | last
            0f 30 | WRMSR | last
            0f 32 | RDMSR | last
            0f 20 /0 | MOV Rq,CR0 | last
            0f 22 /0 | MOV CR0,Rq | last
            0f 21 /7 | MOV Rq,DR7 | last
            0f 23 /7 | MOV DR7,Rq | last
            0f 00 /0 | SLDT Rv | last
            0f 00 /1 | STR Rv | last
            0f 00 /2 | LLDT Ew | last
            0f 00 /3 | LTR Ew | last
            0f 01 /0 | SGDT Mx | last
            0f 01 /1 | SIDT Mx | last
            0f 01 /2 | LGDT Mx | last
            0f 01 /3 | LIDT Mx | last
            0f 01 /4 | SMSW Rv | last
            0f 01 /6 | LMSW Ew | last
            0f 01 /7 | INVLPG Mb | last
            0f 01 f8 | SWAPGS | last
            06 | PUSH_ES | last
            27 | DAA | last
            37 | AAA | last
            60 | PUSHA | last
            d4 0a | AAM | last
            d5 0a | AAD | last
            ce | INTO | last
            d6 | SALC | last
            """;

    private static final String SSE =
            """
            # sse
            0f 10 | MOVUPS V,W16u |
            0f 11 | MOVUPS W16u,V |
            66 0f 10 | MOVUPD V,W16u |
            66 0f 11 | MOVUPD W16u,V |
            f3 0f 10 | MOVSS V,W4 |
            f3 0f 11 | MOVSS W4,V |
            f2 0f 10 | MOVSD V,W8 |
            f2 0f 11 | MOVSD W8,V |
            0f 12 | MOVLPS V,W8 |
            0f 13 | MOVLPS M8,V |
            66 0f 12 | MOVLPD V,M8 |
            66 0f 13 | MOVLPD M8,V |
            0f 16 | MOVHPS V,W8 |
            0f 17 | MOVHPS M8,V |
            66 0f 16 | MOVHPD V,M8 |
            66 0f 17 | MOVHPD M8,V |
            f3 0f 12 | MOVSLDUP V,W16 |
            f3 0f 16 | MOVSHDUP V,W16 |
            f2 0f 12 | MOVDDUP V,W8 |
            f2 0f f0 | LDDQU V,M16u |
            0f 14 | UNPCKLPS V,W16 |
            66 0f 14 | UNPCKLPD V,W16 |
            0f 15 | UNPCKHPS V,W16 |
            66 0f 15 | UNPCKHPD V,W16 |
            0f 28 | MOVAPS V,W16 |
            0f 29 | MOVAPS W16,V |
            66 0f 28 | MOVAPD V,W16 |
            66 0f 29 | MOVAPD W16,V |
            0f 2b | MOVNTPS M16,V |
            66 0f 2b | MOVNTPD M16,V |
            66 0f e7 | MOVNTDQ M16,V |
            66 0f 38 2a | MOVNTDQA V,M16 |
            0f 50 | MOVMSKPS Gd,U |
            66 0f 50 | MOVMSKPD Gd,U |
            0f c6 | SHUFPS V,W16,Ib |
            66 0f c6 | SHUFPD V,W16,Ib |
            66 0f 6e | MOVD V,Ey |
            66 0f 7e | MOVD Ey,V |
            f3 0f 7e | MOVQ V,W8 |
            66 0f d6 | MOVQ W8,V |
            66 0f 6f | MOVDQA V,W16 |
            66 0f 7f | MOVDQA W16,V |
            f3 0f 6f | MOVDQU V,W16u |
            f3 0f 7f | MOVDQU W16u,V |
            66 0f 70 | PSHUFD V,W16,Ib |
            f3 0f 70 | PSHUFHW V,W16,Ib |
            f2 0f 70 | PSHUFLW V,W16,Ib |
            66 0f c4 | PINSRW V,Ed2,Ib |
            66 0f c5 | PEXTRW Gd,U,Ib |
            66 0f d7 | PMOVMSKB Gd,U |
            66 0f f7 | MASKMOVDQU V,U | setup=string friendly
            66 0f 71 /2 | PSRLW U,Ib |
            66 0f 71 /4 | PSRAW U,Ib |
            66 0f 71 /6 | PSLLW U,Ib |
            66 0f 72 /2 | PSRLD U,Ib |
            66 0f 72 /4 | PSRAD U,Ib |
            66 0f 72 /6 | PSLLD U,Ib |
            66 0f 73 /2 | PSRLQ U,Ib |
            66 0f 73 /3 | PSRLDQ U,Ib |
            66 0f 73 /6 | PSLLQ U,Ib |
            66 0f 73 /7 | PSLLDQ U,Ib |
            66 0f 3a 0f | PALIGNR V,W16,Ib |
            66 0f 38 10 | PBLENDVB V,W16 |
            66 0f 38 14 | BLENDVPS V,W16 |
            66 0f 38 15 | BLENDVPD V,W16 |
            66 0f 38 17 | PTEST V,W16 |
            66 0f 38 20 | PMOVSXBW V,W8 |
            66 0f 38 21 | PMOVSXBD V,W4 |
            66 0f 38 22 | PMOVSXBQ V,W2 |
            66 0f 38 23 | PMOVSXWD V,W8 |
            66 0f 38 24 | PMOVSXWQ V,W4 |
            66 0f 38 25 | PMOVSXDQ V,W8 |
            66 0f 38 30 | PMOVZXBW V,W8 |
            66 0f 38 31 | PMOVZXBD V,W4 |
            66 0f 38 32 | PMOVZXBQ V,W2 |
            66 0f 38 33 | PMOVZXWD V,W8 |
            66 0f 38 34 | PMOVZXWQ V,W4 |
            66 0f 38 35 | PMOVZXDQ V,W8 |
            66 0f 3a 0c | BLENDPS V,W16,Ib |
            66 0f 3a 0d | BLENDPD V,W16,Ib |
            66 0f 3a 0e | PBLENDW V,W16,Ib |
            66 0f 3a 14 | PEXTRB Ed1,V,Ib |
            66 0f 3a 15 | PEXTRW Ed2,V,Ib |
            66 0f 3a 16 | PEXTRD Ey,V,Ib |
            66 0f 3a 17 | EXTRACTPS Ed,V,Ib |
            66 0f 3a 20 | PINSRB V,Ed1,Ib |
            66 0f 3a 21 | INSERTPS V,W4,Ib |
            66 0f 3a 22 | PINSRD V,Ey,Ib |
            66 0f 3a 42 | MPSADBW V,W16,Ib |
            66 0f 3a 60 | PCMPESTRM V,W16u,Ib |
            66 0f 3a 61 | PCMPESTRI V,W16u,Ib |
            66 0f 3a 62 | PCMPISTRM V,W16u,Ib |
            66 0f 3a 63 | PCMPISTRI V,W16u,Ib |
            # crypto
            66 0f 3a 44 | PCLMULQDQ V,W16,Ib |
            66 0f 38 db | AESIMC V,W16 |
            66 0f 38 dc | AESENC V,W16 |
            66 0f 38 dd | AESENCLAST V,W16 |
            66 0f 38 de | AESDEC V,W16 |
            66 0f 38 df | AESDECLAST V,W16 |
            66 0f 3a df | AESKEYGENASSIST V,W16,Ib |
            66 0f 38 cf | GF2P8MULB V,W16 |
            66 0f 3a ce | GF2P8AFFINEQB V,W16,Ib |
            66 0f 3a cf | GF2P8AFFINEINVQB V,W16,Ib |
            0f 38 c8 | SHA1NEXTE V,W16 | neat
            0f 38 c9 | SHA1MSG1 V,W16 | neat
            0f 38 ca | SHA1MSG2 V,W16 | neat
            0f 38 cb | SHA256RNDS2 V,W16 | neat
            0f 38 cc | SHA256MSG1 V,W16 | neat
            0f 38 cd | SHA256MSG2 V,W16 | neat
            0f 3a cc | SHA1RNDS4 V,W16,Ib | neat
            # float
            0f 2e | UCOMISS V,W4 |
            66 0f 2e | UCOMISD V,W8 |
            0f 2f | COMISS V,W4 |
            66 0f 2f | COMISD V,W8 |
            0f 5a | CVTPS2PD V,W8 |
            66 0f 5a | CVTPD2PS V,W16 |
            f3 0f 5a | CVTSS2SD V,W4 |
            f2 0f 5a | CVTSD2SS V,W8 |
            0f 5b | CVTDQ2PS V,W16 |
            66 0f 5b | CVTPS2DQ V,W16 |
            f3 0f 5b | CVTTPS2DQ V,W16 |
            f3 0f e6 | CVTDQ2PD V,W8 |
            66 0f e6 | CVTTPD2DQ V,W16 |
            f2 0f e6 | CVTPD2DQ V,W16 |
            f3 0f 2a | CVTSI2SS V,Ey |
            f2 0f 2a | CVTSI2SD V,Ey |
            f3 0f 2c | CVTTSS2SI Gy,W4 |
            f2 0f 2c | CVTTSD2SI Gy,W8 |
            f3 0f 2d | CVTSS2SI Gy,W4 |
            f2 0f 2d | CVTSD2SI Gy,W8 |
            0f c2 | CMPPS V,W16,Ib |
            66 0f c2 | CMPPD V,W16,Ib |
            f3 0f c2 | CMPSS V,W4,Ib |
            f2 0f c2 | CMPSD V,W8,Ib |
            66 0f 7c | HADDPD V,W16 |
            f2 0f 7c | HADDPS V,W16 |
            66 0f 7d | HSUBPD V,W16 |
            f2 0f 7d | HSUBPS V,W16 |
            66 0f d0 | ADDSUBPD V,W16 |
            f2 0f d0 | ADDSUBPS V,W16 |
            66 0f 3a 08 | ROUNDPS V,W16,Ib |
            66 0f 3a 09 | ROUNDPD V,W16,Ib |
            66 0f 3a 0a | ROUNDSS V,W4,Ib |
            66 0f 3a 0b | ROUNDSD V,W8,Ib |
            66 0f 3a 40 | DPPS V,W16,Ib |
            66 0f 3a 41 | DPPD V,W16,Ib |
            0f ae /2 | LDMXCSR Md | setup=mxcsr
            0f ae /3 | STMXCSR Md | stores
            # mmx
            0f 6e | MOVD P,Ey |
            0f 7e | MOVD Ey,P |
            0f 6f | MOVQ P,Q8 |
            0f 7f | MOVQ Q8,P |
            0f 70 | PSHUFW P,Q8,Ib |
            0f 71 /2 | PSRLW N,Ib |
            0f 71 /4 | PSRAW N,Ib |
            0f 71 /6 | PSLLW N,Ib |
            0f 72 /2 | PSRLD N,Ib |
            0f 72 /4 | PSRAD N,Ib |
            0f 72 /6 | PSLLD N,Ib |
            0f 73 /2 | PSRLQ N,Ib |
            0f 73 /6 | PSLLQ N,Ib |
            0f c4 | PINSRW P,Ed2,Ib |
            0f c5 | PEXTRW Gd,N,Ib |
            0f d7 | PMOVMSKB Gd,N |
            0f e7 | MOVNTQ M8,P |
            0f f7 | MASKMOVQ P,N | setup=string friendly
            f3 0f d6 | MOVQ2DQ V,N |
            f2 0f d6 | MOVDQ2Q P,U |
            0f 3a 0f | PALIGNR P,Q8,Ib |
            0f 2a | CVTPI2PS V,N |
            66 0f 2a | CVTPI2PD V,Q8 |
            0f 2c | CVTTPS2PI P,W8 |
            66 0f 2c | CVTTPD2PI P,W16 |
            0f 2d | CVTPS2PI P,W8 |
            66 0f 2d | CVTPD2PI P,W16 |
            0f 77 | EMMS |
            """;

    /// `0f xx` on MMX and `66 0f xx` on XMM registers.
    private static final String PACKED =
            "60 PUNPCKLBW 61 PUNPCKLWD 62 PUNPCKLDQ 63 PACKSSWB 64 PCMPGTB 65 PCMPGTW 66 PCMPGTD 67 PACKUSWB"
                    + " 68 PUNPCKHBW 69 PUNPCKHWD 6a PUNPCKHDQ 6b PACKSSDW 74 PCMPEQB 75 PCMPEQW 76 PCMPEQD"
                    + " d1 PSRLW d2 PSRLD d3 PSRLQ d4 PADDQ d5 PMULLW d8 PSUBUSB d9 PSUBUSW da PMINUB db PAND"
                    + " dc PADDUSB dd PADDUSW de PMAXUB df PANDN e0 PAVGB e1 PSRAW e2 PSRAD e3 PAVGW e4 PMULHUW"
                    + " e5 PMULHW e8 PSUBSB e9 PSUBSW ea PMINSW eb POR ec PADDSB ed PADDSW ee PMAXSW ef PXOR"
                    + " f1 PSLLW f2 PSLLD f3 PSLLQ f4 PMULUDQ f5 PMADDWD f6 PSADBW f8 PSUBB f9 PSUBW fa PSUBD"
                    + " fb PSUBQ fc PADDB fd PADDW fe PADDD";

    /// `0f 38 xx` on MMX and `66 0f 38 xx` on XMM registers.
    private static final String PACKED_38 =
            "00 PSHUFB 01 PHADDW 02 PHADDD 03 PHADDSW 04 PMADDUBSW 05 PHSUBW 06 PHSUBD 07 PHSUBSW 08 PSIGNB"
                    + " 09 PSIGNW 0a PSIGND 0b PMULHRSW 1c PABSB 1d PABSW 1e PABSD";

    /// `66 0f 38 xx` on XMM registers alone.
    private static final String WIDE_38 =
            "28 PMULDQ 29 PCMPEQQ 2b PACKUSDW 37 PCMPGTQ 38 PMINSB 39 PMINSD 3a PMINUW 3b PMINUD 3c PMAXSB"
                    + " 3d PMAXSD 3e PMAXUW 3f PMAXUD 40 PMULLD 41 PHMINPOSUW";

    /// `0f xx` as PS, 66 PD, F3 SS, F2 SD.
    private static final String ARITHMETIC = "51 SQRT 58 ADD 59 MUL 5c SUB 5d MIN 5e DIV 5f MAX";

    private static final String BITWISE = "54 AND 55 ANDN 56 OR 57 XOR";

    private static final Set<String> VECTOR_GROUPS =
            Set.of("sse", "mmx", "crypto", "float", "x87", "avx", "avxfloat", "fma");

    private InstructionTable() {}

    /// What stands before an instruction besides what its row demands.
    enum Prefix {
        NONE,
        /// F0, where it is allowed.
        LOCK,
        /// F0, where it is not: #UD. Once a row, whatever its forms and sizes.
        BAD_LOCK,
        /// F3.
        REP,
        /// F2.
        REPNE,
        /// 67.
        ADDRESS_32,
        /// 64: FS.
        FS,
        /// 65: GS.
        GS,
        /// 26, 2E, 36 or 3E, which 64-bit mode ignores.
        IGNORED_SEGMENT
    }

    /// What the ModRM byte's E, W or Q operand is.
    enum Form {
        NONE,
        REGISTER,
        MEMORY
    }

    /// A VEX prefix (SDM volume 2, 2.3).
    ///
    /// @param map 1: 0F, 2: 0F 38, 3: 0F 3A
    /// @param pp 0: none, 1: 66, 2: F3, 3: F2
    /// @param l 0, 1 or, where it is ignored, -1
    /// @param w 0, 1, -1 where it is ignored, or -2 where it is the size of a general register
    record Vex(int map, int pp, int l, int w) {
        static final int SIZE = -2;

        static Vex parse(String text) {
            String[] parts = text.split("\\.", -1);
            int map = List.of("0F", "0F38", "0F3A").indexOf(parts[3]) + 1;
            int pp = List.of("NP", "66", "F3", "F2").indexOf(parts[2]);
            int l = List.of("128", "256").indexOf(parts[1]);
            int w = parts[4].equals("Wy") ? SIZE : List.of("W0", "W1").indexOf(parts[4]);
            return new Vex(map, pp, l, w);
        }
    }

    /// @param kind one of `E G M R Z I J O S V U W P N Q H B L F`; F is a fixed register
    /// @param letter the size letter of general operands, or 0
    /// @param bytes in memory of the others, or 0 where the operand size decides
    /// @param aligned whether the bytes in memory must be aligned
    record Operand(char kind, char letter, int bytes, boolean aligned) {

        static Operand parse(String text) {
            char kind = text.charAt(0);
            if (!isEncoded(text)) {
                return new Operand('F', '\0', 0, false);
            }
            String rest = text.substring(1);
            if ("VUWPNQ".indexOf(kind) >= 0 || kind == 'M' && rest.matches("\\d+u?")) {
                int bytes = rest.isEmpty() ? 0 : Integer.parseInt(rest.replace("u", ""));
                return new Operand(kind, '\0', bytes, bytes >= 16 && !rest.endsWith("u"));
            }
            char letter = rest.isEmpty() ? '\0' : rest.charAt(0);
            int bytes = rest.length() > 1 ? rest.charAt(1) - '0' : 0;
            return new Operand(kind, letter, bytes, letter == 'x');
        }

        private static boolean isEncoded(String text) {
            char second = text.length() > 1 ? text.charAt(1) : '\0';
            return "EGMRZIJOSVUWPNQHBL".indexOf(text.charAt(0)) >= 0
                            && !Character.isUpperCase(second)
                    || text.equals("M");
        }

        boolean isImmediate() {
            return kind == 'I' || kind == 'J' || kind == 'O' || kind == 'L';
        }

        /// In ModRM.rm, register or memory.
        boolean isRm() {
            return "EMRWUQN".indexOf(kind) >= 0;
        }

        boolean canBeMemory() {
            return "EMWQ".indexOf(kind) >= 0;
        }

        boolean canBeRegister() {
            return "ERWUQN".indexOf(kind) >= 0;
        }

        boolean isGeneral() {
            return "EGRZB".indexOf(kind) >= 0;
        }

        /// Bytes of a register or immediate, or of memory where a letter says it.
        int size(int operandSize) {
            return switch (letter) {
                case 'b' -> 1;
                case 'w' -> 2;
                case 'd' -> 4;
                case 'q' -> 8;
                case 'x' -> 16;
                case 'z' -> Math.min(operandSize, 4);
                default -> operandSize;
            };
        }

        int memoryBytes(int operandSize) {
            return bytes != 0 ? bytes : size(operandSize);
        }
    }

    /// A row of the opcode maps.
    ///
    /// @param index its place in the table
    /// @param vex its VEX prefix, or null
    /// @param mandatory 66, F2, F3 or 0
    /// @param opcode its bytes
    /// @param extension ModRM.reg, or -1
    record Row(
            int index,
            String group,
            String mnemonic,
            String text,
            Vex vex,
            int mandatory,
            List<Integer> opcode,
            int extension,
            boolean registerInOpcode,
            List<Operand> operands,
            Set<String> attributes) {

        boolean is(String attribute) {
            return attributes.contains(attribute);
        }

        boolean hasModRm() {
            return extension >= 0
                    || operands.stream()
                            .anyMatch(each -> each.isRm() || "GVPS".indexOf(each.kind()) >= 0);
        }

        Operand rm() {
            return operands.stream().filter(Operand::isRm).findFirst().orElse(null);
        }

        /// Whether its operands are those of x87, MMX or SSE.
        boolean isVector() {
            return VECTOR_GROUPS.contains(group);
        }

        /// What prepares it, or an empty string.
        String setup() {
            return valueOf("setup=");
        }

        UndefinedFlags undefined() {
            String name = valueOf("undefined=");
            return name.isEmpty() ? UndefinedFlags.NONE : UndefinedFlags.valueOf(name);
        }

        private String valueOf(String key) {
            return attributes.stream()
                    .filter(each -> each.startsWith(key))
                    .map(each -> each.substring(key.length()))
                    .findFirst()
                    .orElse("");
        }

        /// The operand sizes that it comes in, in bytes; 0 where there is no choice.
        List<Integer> sizes() {
            List<Integer> sizes = new ArrayList<>();
            for (int size : new int[] {2, 4, 8}) {
                if (comesIn(size)) {
                    sizes.add(size);
                }
            }
            return sizes.isEmpty() ? List.of(0) : sizes;
        }

        private boolean comesIn(int size) {
            String only = valueOf("only");
            if (!only.isEmpty()) {
                return Arrays.asList(only.split(",")).contains(String.valueOf(size * 8));
            }
            String named = valueOf("sizes");
            if (!named.isEmpty()) {
                return Arrays.asList(named.split(",")).contains(String.valueOf(size * 8));
            }
            if (is("f64")) {
                return size == 8;
            }
            if (is("d64")) {
                return size != 4;
            }
            boolean any =
                    operands.stream()
                                    .anyMatch(each ->
                                            each.letter() == 'v'
                                                    || each.letter() == 'z' && each.kind() == 'I')
                            || text.contains("rAX");
            if (any) {
                return true;
            }
            return size != 2
                    && (is("both64") || operands.stream().anyMatch(each -> each.letter() == 'y'));
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /// What is counted.
    ///
    /// @param size operand size in bytes, or 0
    record Cell(int index, Row row, Form form, int size, Prefix prefix) {
        @Override
        public String toString() {
            return row.text()
                    + (form == Form.NONE ? "" : form == Form.MEMORY ? " mem" : " reg")
                    + (size == 0 ? "" : " " + size * 8)
                    + (prefix == Prefix.NONE ? "" : " " + prefix.name().toLowerCase(Locale.ROOT));
        }
    }

    /// All rows whose mnemonic or group is named; all rows if none is.
    static List<Row> rows(Set<String> names) {
        List<Row> all = allRows();
        if (names.isEmpty()) {
            return all;
        }
        return all.stream()
                .filter(row -> names.contains(row.group()) || names.contains(row.mnemonic()))
                .toList();
    }

    private static List<Row> allRows() {
        List<String> lines = new ArrayList<>();
        lines.add("# alu");
        addAlu(lines);
        lines.add("# shift");
        addShifts(lines);
        lines.add("# condition");
        addConditions(lines);
        Collections.addAll(lines, GENERAL.split("\n"));
        Collections.addAll(lines, SSE.split("\n"));
        addPacked(lines);
        lines.add("# x87");
        X87Rows.addTo(lines);
        VexRows.addTo(lines);
        List<Row> rows = new ArrayList<>();
        String group = "";
        for (String line : lines) {
            if (line.startsWith("# ")) {
                group = line.substring(2);
            } else {
                rows.add(parse(rows.size(), group, line));
            }
        }
        return List.copyOf(rows);
    }

    private static void addAlu(List<String> lines) {
        for (int i = 0; i < 8; i++) {
            String undefined = i == 1 || i == 4 || i == 6 ? "undefined=LOGIC " : "";
            String target = undefined + (i == 7 ? "reads" : "lock");
            String name = ALU[i];
            lines.add("%02x | %s Eb,Gb | %s".formatted(i * 8, name, target));
            lines.add("%02x | %s Ev,Gv | %s".formatted(i * 8 + 1, name, target));
            lines.add("%02x | %s Gb,Eb | %s".formatted(i * 8 + 2, name, undefined));
            lines.add("%02x | %s Gv,Ev | %s".formatted(i * 8 + 3, name, undefined));
            lines.add("%02x | %s AL,Ib | %s".formatted(i * 8 + 4, name, undefined));
            lines.add("%02x | %s rAX,Iz | %s".formatted(i * 8 + 5, name, undefined));
            lines.add("80 /%d | %s Eb,Ib | %s".formatted(i, name, target));
            lines.add("81 /%d | %s Ev,Iz | %s".formatted(i, name, target));
            lines.add("83 /%d | %s Ev,Ib | %s".formatted(i, name, target));
        }
    }

    private static void addShifts(List<String> lines) {
        for (int i = 0; i < 8; i++) {
            if (SHIFTS[i].isEmpty()) {
                continue;
            }
            String undefined =
                    "undefined="
                            + (i < 4 ? "ROTATE" : i == 7 ? "SHIFT_ARITHMETIC" : "SHIFT_LOGICAL");
            String name = SHIFTS[i];
            lines.add("c0 /%d | %s Eb,Ib | %s".formatted(i, name, undefined));
            lines.add("c1 /%d | %s Ev,Ib | %s".formatted(i, name, undefined));
            lines.add("d0 /%d | %s Eb,1 | %s".formatted(i, name, undefined));
            lines.add("d1 /%d | %s Ev,1 | %s".formatted(i, name, undefined));
            lines.add("d2 /%d | %s Eb,CL | %s setup=cl".formatted(i, name, undefined));
            lines.add("d3 /%d | %s Ev,CL | %s setup=cl".formatted(i, name, undefined));
        }
    }

    private static void addConditions(List<String> lines) {
        for (int i = 0; i < 16; i++) {
            lines.add("%02x | J%s Jb |".formatted(0x70 + i, CONDITIONS[i]));
            lines.add("0f %02x | J%s Jz |".formatted(0x80 + i, CONDITIONS[i]));
            lines.add("0f %02x | CMOV%s Gv,Ev |".formatted(0x40 + i, CONDITIONS[i]));
            lines.add("0f %02x | SET%s Eb |".formatted(0x90 + i, CONDITIONS[i]));
        }
    }

    private static void addPacked(List<String> lines) {
        lines.add("# mmx");
        addEach(lines, PACKED, "0f %s | %s P,Q8 |");
        addEach(lines, PACKED_38, "0f 38 %s | %s P,Q8 |");
        lines.add("# sse");
        addEach(lines, PACKED, "66 0f %s | %s V,W16 |");
        addEach(lines, PACKED_38, "66 0f 38 %s | %s V,W16 |");
        addEach(lines, WIDE_38, "66 0f 38 %s | %s V,W16 |");
        addEach(lines, "6c PUNPCKLQDQ 6d PUNPCKHQDQ", "66 0f %s | %s V,W16 |");
        addEach(lines, BITWISE, "0f %s | %sPS V,W16 |");
        addEach(lines, BITWISE, "66 0f %s | %sPD V,W16 |");
        lines.add("# float");
        addEach(lines, ARITHMETIC, "0f %s | %sPS V,W16 |");
        addEach(lines, ARITHMETIC, "66 0f %s | %sPD V,W16 |");
        addEach(lines, ARITHMETIC, "f3 0f %s | %sSS V,W4 |");
        addEach(lines, ARITHMETIC, "f2 0f %s | %sSD V,W8 |");
    }

    private static void addEach(List<String> lines, String pairs, String format) {
        String[] words = pairs.split(" ", -1);
        for (int i = 0; i < words.length; i += 2) {
            lines.add(format.formatted(words[i], words[i + 1]));
        }
    }

    private static Row parse(int index, String group, String line) {
        String[] parts = line.split("\\|", -1);
        Vex vex = null;
        int mandatory = 0;
        int extension = -1;
        boolean registerInOpcode = false;
        List<Integer> opcode = new ArrayList<>();
        for (String token : parts[0].trim().split(" ", -1)) {
            if (token.startsWith("VEX.")) {
                vex = Vex.parse(token);
            } else if (token.startsWith("/")) {
                extension = token.charAt(1) - '0';
            } else if (token.equals("+r")) {
                registerInOpcode = true;
            } else {
                opcode.add(Integer.parseInt(token, 16));
            }
        }
        int first = opcode.getFirst();
        if (opcode.size() > 1 && (first == 0x66 || first == 0xf2 || first == 0xf3)) {
            mandatory = first;
            opcode.removeFirst();
        }
        String text = parts[1].trim();
        int space = text.indexOf(' ');
        String mnemonic = space < 0 ? text : text.substring(0, space);
        List<Operand> operands =
                space < 0
                        ? List.of()
                        : Arrays.stream(text.substring(space + 1).split(","))
                                .map(Operand::parse)
                                .toList();
        String attributes = parts[2].trim();
        return new Row(
                index,
                group,
                mnemonic,
                text,
                vex,
                mandatory,
                List.copyOf(opcode),
                extension,
                registerInOpcode,
                operands,
                attributes.isEmpty() ? Set.of() : Set.of(attributes.split(" +")));
    }

    /// Every cell of some rows.
    static List<Cell> cells(List<Row> rows) {
        List<Cell> cells = new ArrayList<>();
        for (Row row : rows) {
            for (Form form : forms(row)) {
                for (int size : row.sizes()) {
                    for (Prefix prefix : prefixes(row, form)) {
                        cells.add(new Cell(cells.size(), row, form, size, prefix));
                    }
                }
            }
            if (refusesLock(row)) {
                cells.add(
                        new Cell(
                                cells.size(),
                                row,
                                forms(row).getFirst(),
                                row.sizes().getFirst(),
                                Prefix.BAD_LOCK));
            }
        }
        return List.copyOf(cells);
    }

    /// Those of them that always fault.
    static List<Cell> faulting(List<Cell> cells) {
        List<Cell> found = new ArrayList<>();
        for (Cell each : cells) {
            if (Generator.isTerminal(each)) {
                found.add(
                        new Cell(
                                found.size(), each.row(), each.form(), each.size(), each.prefix()));
            }
        }
        return List.copyOf(found);
    }

    private static boolean refusesLock(Row row) {
        return row.mandatory() == 0
                && row.vex() == null
                && !row.is("last")
                && !row.is("anylock")
                && !row.is("rep")
                && !row.is("repe")
                && (!row.is("lock") || forms(row).getFirst() == Form.REGISTER);
    }

    private static List<Form> forms(Row row) {
        Operand rm = row.rm();
        if (rm == null) {
            return List.of(Form.NONE);
        }
        List<Form> forms = new ArrayList<>();
        if (rm.canBeRegister()) {
            forms.add(Form.REGISTER);
        }
        if (rm.canBeMemory()) {
            forms.add(Form.MEMORY);
        }
        return forms;
    }

    private static List<Prefix> prefixes(Row row, Form form) {
        List<Prefix> found = new ArrayList<>();
        found.add(Prefix.NONE);
        if (row.is("last")) {
            return found;
        }
        boolean addresses =
                form == Form.MEMORY
                        || row.setup().equals("string")
                        || row.setup().equals("xlat")
                        || row.operands().stream().anyMatch(each -> each.kind() == 'O');
        if (addresses) {
            found.add(Prefix.ADDRESS_32);
            found.add(Prefix.IGNORED_SEGMENT);
            if (!row.mnemonic().startsWith("STOS") && !row.mnemonic().startsWith("SCAS")) {
                found.add(Prefix.FS);
                found.add(Prefix.GS);
            }
        } else if (row.is("addr32")) {
            found.add(Prefix.ADDRESS_32);
        }
        if (form == Form.MEMORY && row.is("lock")) {
            found.add(Prefix.LOCK);
        }
        if (row.is("rep") || row.is("repe")) {
            found.add(Prefix.REP);
        }
        if (row.is("repne")) {
            found.add(Prefix.REPNE);
        }
        return found;
    }
}

package straddle.bench.differential;

import java.util.List;

/// The rows of [InstructionTable] that are encoded with VEX.
///
/// Their opcode is `VEX.L.pp.map.W`, as the manual's instruction pages have it, then the opcode's byte. L is 128, 256,
/// LIG where it is ignored, or `x` for two rows, of both lengths, in whose operands `x` stands for 16 or 32 bytes in memory,
/// and h, q and o for a half, a quarter and an eighth of that. W is W0, W1, WIG or, where it is a general register's
/// size, Wy. Operands more than the others have: `H` vector and `B` general register by VEX.vvvv, `L` vector register by an
/// immediate.
final class VexRows {
    private static final String AVX =
            """
            # avx
            x.NP.0F.WIG 10 | VMOVUPS V,Wxu |
            x.66.0F.WIG 10 | VMOVUPD V,Wxu |
            x.NP.0F.WIG 11 | VMOVUPS Wxu,V |
            x.66.0F.WIG 11 | VMOVUPD Wxu,V |
            LIG.F3.0F.WIG 10 | VMOVSS V,M4 |
            LIG.F3.0F.WIG 10 | VMOVSS V,H,U |
            LIG.F2.0F.WIG 10 | VMOVSD V,M8 |
            LIG.F2.0F.WIG 10 | VMOVSD V,H,U |
            LIG.F3.0F.WIG 11 | VMOVSS M4,V |
            LIG.F3.0F.WIG 11 | VMOVSS U,H,V |
            LIG.F2.0F.WIG 11 | VMOVSD M8,V |
            LIG.F2.0F.WIG 11 | VMOVSD U,H,V |
            128.NP.0F.WIG 12 | VMOVLPS V,H,M8 |
            128.NP.0F.WIG 12 | VMOVHLPS V,H,U |
            128.66.0F.WIG 12 | VMOVLPD V,H,M8 |
            x.F3.0F.WIG 12 | VMOVSLDUP V,Wxu |
            128.F2.0F.WIG 12 | VMOVDDUP V,W8 |
            256.F2.0F.WIG 12 | VMOVDDUP V,W32u |
            128.NP.0F.WIG 13 | VMOVLPS M8,V |
            128.66.0F.WIG 13 | VMOVLPD M8,V |
            128.NP.0F.WIG 16 | VMOVHPS V,H,M8 |
            128.NP.0F.WIG 16 | VMOVLHPS V,H,U |
            128.66.0F.WIG 16 | VMOVHPD V,H,M8 |
            x.F3.0F.WIG 16 | VMOVSHDUP V,Wxu |
            128.NP.0F.WIG 17 | VMOVHPS M8,V |
            128.66.0F.WIG 17 | VMOVHPD M8,V |
            x.NP.0F.WIG 28 | VMOVAPS V,Wx |
            x.66.0F.WIG 28 | VMOVAPD V,Wx |
            x.NP.0F.WIG 29 | VMOVAPS Wx,V |
            x.66.0F.WIG 29 | VMOVAPD Wx,V |
            x.NP.0F.WIG 2b | VMOVNTPS Mx,V |
            x.66.0F.WIG 2b | VMOVNTPD Mx,V |
            x.NP.0F.WIG 50 | VMOVMSKPS Gd,U |
            x.66.0F.WIG 50 | VMOVMSKPD Gd,U |
            128.66.0F.Wy 6e | VMOVD V,Ey |
            128.66.0F.Wy 7e | VMOVD Ey,V |
            128.F3.0F.WIG 7e | VMOVQ V,W8 |
            128.66.0F.WIG d6 | VMOVQ W8,V |
            x.66.0F.WIG 6f | VMOVDQA V,Wx |
            x.66.0F.WIG 7f | VMOVDQA Wx,V |
            x.F3.0F.WIG 6f | VMOVDQU V,Wxu |
            x.F3.0F.WIG 7f | VMOVDQU Wxu,V |
            x.66.0F.WIG e7 | VMOVNTDQ Mx,V |
            x.F2.0F.WIG f0 | VLDDQU V,Mxu |
            x.66.0F38.WIG 2a | VMOVNTDQA V,Mx |
            x.66.0F.WIG 70 | VPSHUFD V,Wxu,Ib |
            x.F3.0F.WIG 70 | VPSHUFHW V,Wxu,Ib |
            x.F2.0F.WIG 70 | VPSHUFLW V,Wxu,Ib |
            128.NP.0F.WIG 77 | VZEROUPPER |
            256.NP.0F.WIG 77 | VZEROALL |
            128.66.0F.WIG c4 | VPINSRW V,H,Ed2,Ib |
            128.66.0F.WIG c5 | VPEXTRW Gd,U,Ib |
            x.66.0F.WIG d7 | VPMOVMSKB Gd,U |
            128.66.0F.WIG f7 | VMASKMOVDQU V,U | setup=string friendly
            x.66.0F.WIG d1 | VPSRLW V,H,W16u |
            x.66.0F.WIG d2 | VPSRLD V,H,W16u |
            x.66.0F.WIG d3 | VPSRLQ V,H,W16u |
            x.66.0F.WIG e1 | VPSRAW V,H,W16u |
            x.66.0F.WIG e2 | VPSRAD V,H,W16u |
            x.66.0F.WIG f1 | VPSLLW V,H,W16u |
            x.66.0F.WIG f2 | VPSLLD V,H,W16u |
            x.66.0F.WIG f3 | VPSLLQ V,H,W16u |
            x.66.0F.WIG 71 /2 | VPSRLW H,U,Ib |
            x.66.0F.WIG 71 /4 | VPSRAW H,U,Ib |
            x.66.0F.WIG 71 /6 | VPSLLW H,U,Ib |
            x.66.0F.WIG 72 /2 | VPSRLD H,U,Ib |
            x.66.0F.WIG 72 /4 | VPSRAD H,U,Ib |
            x.66.0F.WIG 72 /6 | VPSLLD H,U,Ib |
            x.66.0F.WIG 73 /2 | VPSRLQ H,U,Ib |
            x.66.0F.WIG 73 /3 | VPSRLDQ H,U,Ib |
            x.66.0F.WIG 73 /6 | VPSLLQ H,U,Ib |
            x.66.0F.WIG 73 /7 | VPSLLDQ H,U,Ib |
            x.NP.0F.WIG 14 | VUNPCKLPS V,H,Wxu |
            x.66.0F.WIG 14 | VUNPCKLPD V,H,Wxu |
            x.NP.0F.WIG 15 | VUNPCKHPS V,H,Wxu |
            x.66.0F.WIG 15 | VUNPCKHPD V,H,Wxu |
            x.NP.0F.WIG c6 | VSHUFPS V,H,Wxu,Ib |
            x.66.0F.WIG c6 | VSHUFPD V,H,Wxu,Ib |
            x.66.0F38.W0 0c | VPERMILPS V,H,Wxu |
            x.66.0F38.W0 0d | VPERMILPD V,H,Wxu |
            x.66.0F38.W0 0e | VTESTPS V,Wxu |
            x.66.0F38.W0 0f | VTESTPD V,Wxu |
            256.66.0F38.W0 16 | VPERMPS V,H,W32u |
            x.66.0F38.WIG 17 | VPTEST V,Wxu |
            x.66.0F38.W0 18 | VBROADCASTSS V,W4 |
            256.66.0F38.W0 19 | VBROADCASTSD V,W8 |
            256.66.0F38.W0 1a | VBROADCASTF128 V,M16u |
            x.66.0F38.WIG 1c | VPABSB V,Wxu |
            x.66.0F38.WIG 1d | VPABSW V,Wxu |
            x.66.0F38.WIG 1e | VPABSD V,Wxu |
            x.66.0F38.WIG 20 | VPMOVSXBW V,Wh |
            x.66.0F38.WIG 21 | VPMOVSXBD V,Wq |
            x.66.0F38.WIG 22 | VPMOVSXBQ V,Wo |
            x.66.0F38.WIG 23 | VPMOVSXWD V,Wh |
            x.66.0F38.WIG 24 | VPMOVSXWQ V,Wq |
            x.66.0F38.WIG 25 | VPMOVSXDQ V,Wh |
            x.66.0F38.WIG 30 | VPMOVZXBW V,Wh |
            x.66.0F38.WIG 31 | VPMOVZXBD V,Wq |
            x.66.0F38.WIG 32 | VPMOVZXBQ V,Wo |
            x.66.0F38.WIG 33 | VPMOVZXWD V,Wh |
            x.66.0F38.WIG 34 | VPMOVZXWQ V,Wq |
            x.66.0F38.WIG 35 | VPMOVZXDQ V,Wh |
            x.66.0F38.W0 2c | VMASKMOVPS V,H,Mxu |
            x.66.0F38.W0 2d | VMASKMOVPD V,H,Mxu |
            x.66.0F38.W0 2e | VMASKMOVPS Mxu,H,V |
            x.66.0F38.W0 2f | VMASKMOVPD Mxu,H,V |
            256.66.0F38.W0 36 | VPERMD V,H,W32u |
            128.66.0F38.WIG 41 | VPHMINPOSUW V,W16u |
            x.66.0F38.W0 45 | VPSRLVD V,H,Wxu |
            x.66.0F38.W1 45 | VPSRLVQ V,H,Wxu |
            x.66.0F38.W0 46 | VPSRAVD V,H,Wxu |
            x.66.0F38.W0 47 | VPSLLVD V,H,Wxu |
            x.66.0F38.W1 47 | VPSLLVQ V,H,Wxu |
            x.66.0F38.W0 58 | VPBROADCASTD V,W4 |
            x.66.0F38.W0 59 | VPBROADCASTQ V,W8 |
            256.66.0F38.W0 5a | VBROADCASTI128 V,M16u |
            x.66.0F38.W0 78 | VPBROADCASTB V,W1 |
            x.66.0F38.W0 79 | VPBROADCASTW V,W2 |
            x.66.0F38.W0 8c | VPMASKMOVD V,H,Mxu |
            x.66.0F38.W1 8c | VPMASKMOVQ V,H,Mxu |
            x.66.0F38.W0 8e | VPMASKMOVD Mxu,H,V |
            x.66.0F38.W1 8e | VPMASKMOVQ Mxu,H,V |
            x.66.0F38.W0 90 | VPGATHERDD V,M4,H | setup=gather
            x.66.0F38.W1 90 | VPGATHERDQ V,M8,H | setup=gather
            x.66.0F38.W0 91 | VPGATHERQD V,M4,H | setup=gather quads
            x.66.0F38.W1 91 | VPGATHERQQ V,M8,H | setup=gather quads
            x.66.0F38.W0 92 | VGATHERDPS V,M4,H | setup=gather
            x.66.0F38.W1 92 | VGATHERDPD V,M8,H | setup=gather
            x.66.0F38.W0 93 | VGATHERQPS V,M4,H | setup=gather quads
            x.66.0F38.W1 93 | VGATHERQPD V,M8,H | setup=gather quads
            256.66.0F3A.W1 00 | VPERMQ V,W32u,Ib |
            256.66.0F3A.W1 01 | VPERMPD V,W32u,Ib |
            x.66.0F3A.W0 02 | VPBLENDD V,H,Wxu,Ib |
            x.66.0F3A.W0 04 | VPERMILPS V,Wxu,Ib |
            x.66.0F3A.W0 05 | VPERMILPD V,Wxu,Ib |
            256.66.0F3A.W0 06 | VPERM2F128 V,H,W32u,Ib |
            x.66.0F3A.WIG 0c | VBLENDPS V,H,Wxu,Ib |
            x.66.0F3A.WIG 0d | VBLENDPD V,H,Wxu,Ib |
            x.66.0F3A.WIG 0e | VPBLENDW V,H,Wxu,Ib |
            x.66.0F3A.WIG 0f | VPALIGNR V,H,Wxu,Ib |
            128.66.0F3A.WIG 14 | VPEXTRB Ed1,V,Ib |
            128.66.0F3A.WIG 15 | VPEXTRW Ed2,V,Ib |
            128.66.0F3A.Wy 16 | VPEXTRD Ey,V,Ib |
            128.66.0F3A.WIG 17 | VEXTRACTPS Ed,V,Ib |
            256.66.0F3A.W0 18 | VINSERTF128 V,H,W16u,Ib |
            256.66.0F3A.W0 19 | VEXTRACTF128 W16u,V,Ib |
            128.66.0F3A.WIG 20 | VPINSRB V,H,Ed1,Ib |
            128.66.0F3A.WIG 21 | VINSERTPS V,H,W4,Ib |
            128.66.0F3A.Wy 22 | VPINSRD V,H,Ey,Ib |
            256.66.0F3A.W0 38 | VINSERTI128 V,H,W16u,Ib |
            256.66.0F3A.W0 39 | VEXTRACTI128 W16u,V,Ib |
            x.66.0F3A.WIG 42 | VMPSADBW V,H,Wxu,Ib |
            256.66.0F3A.W0 46 | VPERM2I128 V,H,W32u,Ib |
            x.66.0F3A.W0 4a | VBLENDVPS V,H,Wxu,L |
            x.66.0F3A.W0 4b | VBLENDVPD V,H,Wxu,L |
            x.66.0F3A.W0 4c | VPBLENDVB V,H,Wxu,L |
            128.66.0F3A.Wy 60 | VPCMPESTRM V,W16u,Ib | both64
            128.66.0F3A.Wy 61 | VPCMPESTRI V,W16u,Ib | both64
            128.66.0F3A.WIG 62 | VPCMPISTRM V,W16u,Ib |
            128.66.0F3A.WIG 63 | VPCMPISTRI V,W16u,Ib |
            # crypto
            x.66.0F3A.WIG 44 | VPCLMULQDQ V,H,Wxu,Ib |
            128.66.0F38.WIG db | VAESIMC V,W16u |
            x.66.0F38.WIG dc | VAESENC V,H,Wxu |
            x.66.0F38.WIG dd | VAESENCLAST V,H,Wxu |
            x.66.0F38.WIG de | VAESDEC V,H,Wxu |
            x.66.0F38.WIG df | VAESDECLAST V,H,Wxu |
            128.66.0F3A.WIG df | VAESKEYGENASSIST V,W16u,Ib |
            x.66.0F38.W0 cf | VGF2P8MULB V,H,Wxu |
            x.66.0F3A.W1 ce | VGF2P8AFFINEQB V,H,Wxu,Ib |
            x.66.0F3A.W1 cf | VGF2P8AFFINEINVQB V,H,Wxu,Ib |
            # avxfloat
            LIG.F3.0F.Wy 2a | VCVTSI2SS V,H,Ey |
            LIG.F2.0F.Wy 2a | VCVTSI2SD V,H,Ey |
            LIG.F3.0F.Wy 2c | VCVTTSS2SI Gy,W4 |
            LIG.F2.0F.Wy 2c | VCVTTSD2SI Gy,W8 |
            LIG.F3.0F.Wy 2d | VCVTSS2SI Gy,W4 |
            LIG.F2.0F.Wy 2d | VCVTSD2SI Gy,W8 |
            LIG.NP.0F.WIG 2e | VUCOMISS V,W4 |
            LIG.66.0F.WIG 2e | VUCOMISD V,W8 |
            LIG.NP.0F.WIG 2f | VCOMISS V,W4 |
            LIG.66.0F.WIG 2f | VCOMISD V,W8 |
            x.NP.0F.WIG 51 | VSQRTPS V,Wxu |
            x.66.0F.WIG 51 | VSQRTPD V,Wxu |
            LIG.F3.0F.WIG 51 | VSQRTSS V,H,W4 |
            LIG.F2.0F.WIG 51 | VSQRTSD V,H,W8 |
            x.NP.0F.WIG 5a | VCVTPS2PD V,Wh |
            x.66.0F.WIG 5a | VCVTPD2PS V,Wxu |
            LIG.F3.0F.WIG 5a | VCVTSS2SD V,H,W4 |
            LIG.F2.0F.WIG 5a | VCVTSD2SS V,H,W8 |
            x.NP.0F.WIG 5b | VCVTDQ2PS V,Wxu |
            x.66.0F.WIG 5b | VCVTPS2DQ V,Wxu |
            x.F3.0F.WIG 5b | VCVTTPS2DQ V,Wxu |
            x.F3.0F.WIG e6 | VCVTDQ2PD V,Wh |
            x.66.0F.WIG e6 | VCVTTPD2DQ V,Wxu |
            x.F2.0F.WIG e6 | VCVTPD2DQ V,Wxu |
            x.66.0F.WIG 7c | VHADDPD V,H,Wxu |
            x.F2.0F.WIG 7c | VHADDPS V,H,Wxu |
            x.66.0F.WIG 7d | VHSUBPD V,H,Wxu |
            x.F2.0F.WIG 7d | VHSUBPS V,H,Wxu |
            x.66.0F.WIG d0 | VADDSUBPD V,H,Wxu |
            x.F2.0F.WIG d0 | VADDSUBPS V,H,Wxu |
            x.NP.0F.WIG c2 | VCMPPS V,H,Wxu,Ib |
            x.66.0F.WIG c2 | VCMPPD V,H,Wxu,Ib |
            LIG.F3.0F.WIG c2 | VCMPSS V,H,W4,Ib |
            LIG.F2.0F.WIG c2 | VCMPSD V,H,W8,Ib |
            128.NP.0F.WIG ae /2 | VLDMXCSR Md | setup=mxcsr
            128.NP.0F.WIG ae /3 | VSTMXCSR Md | stores
            x.66.0F38.W0 13 | VCVTPH2PS V,Wh |
            x.66.0F3A.W0 1d | VCVTPS2PH Wh,V,Ib |
            x.66.0F3A.WIG 08 | VROUNDPS V,Wxu,Ib |
            x.66.0F3A.WIG 09 | VROUNDPD V,Wxu,Ib |
            LIG.66.0F3A.WIG 0a | VROUNDSS V,H,W4,Ib |
            LIG.66.0F3A.WIG 0b | VROUNDSD V,H,W8,Ib |
            x.66.0F3A.WIG 40 | VDPPS V,H,Wxu,Ib |
            128.66.0F3A.WIG 41 | VDPPD V,H,W16u,Ib |
            # bmi
            128.NP.0F38.Wy f2 | ANDN Gy,By,Ey | undefined=BIT_LOGIC
            128.NP.0F38.Wy f3 /1 | BLSR By,Ey | undefined=BIT_LOGIC reads
            128.NP.0F38.Wy f3 /2 | BLSMSK By,Ey | undefined=BIT_LOGIC reads
            128.NP.0F38.Wy f3 /3 | BLSI By,Ey | undefined=BIT_LOGIC reads
            128.NP.0F38.Wy f5 | BZHI Gy,Ey,By | undefined=BIT_LOGIC
            128.F3.0F38.Wy f5 | PEXT Gy,By,Ey |
            128.F2.0F38.Wy f5 | PDEP Gy,By,Ey |
            128.F2.0F38.Wy f6 | MULX Gy,By,Ey |
            128.NP.0F38.Wy f7 | BEXTR Gy,Ey,By | undefined=BIT_EXTRACT
            128.66.0F38.Wy f7 | SHLX Gy,Ey,By |
            128.F3.0F38.Wy f7 | SARX Gy,Ey,By |
            128.F2.0F38.Wy f7 | SHRX Gy,Ey,By |
            128.F2.0F3A.Wy f0 | RORX Gy,Ey,Ib |
            """;

    /// `x.66.0F.WIG` on three registers.
    private static final String PACKED =
            "60 VPUNPCKLBW 61 VPUNPCKLWD 62 VPUNPCKLDQ 63 VPACKSSWB 64 VPCMPGTB 65 VPCMPGTW 66 VPCMPGTD"
                    + " 67 VPACKUSWB 68 VPUNPCKHBW 69 VPUNPCKHWD 6a VPUNPCKHDQ 6b VPACKSSDW 6c VPUNPCKLQDQ"
                    + " 6d VPUNPCKHQDQ 74 VPCMPEQB 75 VPCMPEQW 76 VPCMPEQD d4 VPADDQ d5 VPMULLW d8 VPSUBUSB"
                    + " d9 VPSUBUSW da VPMINUB db VPAND dc VPADDUSB dd VPADDUSW de VPMAXUB df VPANDN e0 VPAVGB"
                    + " e3 VPAVGW e4 VPMULHUW e5 VPMULHW e8 VPSUBSB e9 VPSUBSW ea VPMINSW eb VPOR ec VPADDSB"
                    + " ed VPADDSW ee VPMAXSW ef VPXOR f4 VPMULUDQ f5 VPMADDWD f6 VPSADBW f8 VPSUBB f9 VPSUBW"
                    + " fa VPSUBD fb VPSUBQ fc VPADDB fd VPADDW fe VPADDD";

    /// `x.66.0F38.WIG` on three registers.
    private static final String PACKED_38 =
            "00 VPSHUFB 01 VPHADDW 02 VPHADDD 03 VPHADDSW 04 VPMADDUBSW 05 VPHSUBW 06 VPHSUBD 07 VPHSUBSW"
                    + " 08 VPSIGNB 09 VPSIGNW 0a VPSIGND 0b VPMULHRSW 28 VPMULDQ 29 VPCMPEQQ 2b VPACKUSDW"
                    + " 37 VPCMPGTQ 38 VPMINSB 39 VPMINSD 3a VPMINUW 3b VPMINUD 3c VPMAXSB 3d VPMAXSD"
                    + " 3e VPMAXUW 3f VPMAXUD 40 VPMULLD";

    /// `0F xx` as PS, 66 PD, F3 SS, F2 SD.
    private static final String ARITHMETIC = "58 VADD 59 VMUL 5c VSUB 5d VMIN 5e VDIV 5f VMAX";

    private static final String BITWISE = "54 VAND 55 VANDN 56 VOR 57 VXOR";

    /// Low digits of FMA's opcodes: the packed ones, then the scalar ones.
    private static final String[][] FUSED = {
        {"6", "VFMADDSUB"}, {"7", "VFMSUBADD"}, {"8", "VFMADD"}, {"a", "VFMSUB"}, {"c", "VFNMADD"},
        {"e", "VFNMSUB"}, {"9", "VFMADD"}, {"b", "VFMSUB"}, {"d", "VFNMADD"}, {"f", "VFNMSUB"}
    };

    private static final int PACKED_FUSED = 6;

    /// Encodings that the rules about VEX's fields forbid (SDM volume 2, 2.3 and 2.4): #UD.
    private static final String REFUSED =
            """
            # refused
            66 c5 f0 58 c1 | VADDPS_AFTER_66 | last
            f2 c5 f0 58 c1 | VADDPS_AFTER_F2 | last
            f3 c5 f0 58 c1 | VADDPS_AFTER_F3 | last
            f0 c5 f0 58 c1 | VADDPS_AFTER_LOCK | last
            48 c5 f0 58 c1 | VADDPS_AFTER_REX | last
            f0 c4 e2 70 f2 c1 | ANDN_AFTER_LOCK | last
            66 c4 e2 70 f2 c1 | ANDN_AFTER_66 | last
            c5 f0 10 c1 | VMOVUPS_WITH_VVVV | last
            c5 f1 6f c1 | VMOVDQA_WITH_VVVV | last
            c5 f0 77 | VZEROUPPER_WITH_VVVV | last
            c4 e3 71 04 c1 00 | VPERMILPS_WITH_VVVV | last
            c4 e3 73 f0 c1 00 | RORX_WITH_VVVV | last
            c5 fd 6e c0 | VMOVD_256 | last
            c5 f4 12 c1 | VMOVHLPS_256 | last
            c4 e2 7d 41 c1 | VPHMINPOSUW_256 | last
            c4 e3 75 41 c1 00 | VDPPD_256 | last
            c4 e2 74 f2 c1 | ANDN_256 | last
            c4 e2 79 19 c1 | VBROADCASTSD_128 | last
            c4 e2 71 36 c1 | VPERMD_128 | last
            c4 e3 f9 00 c1 00 | VPERMQ_128 | last
            c4 e3 71 06 c1 00 | VPERM2F128_128 | last
            c4 e3 71 18 c1 00 | VINSERTF128_128 | last
            c4 e2 f9 18 c1 | VBROADCASTSS_W1 | last
            c4 e2 f1 0c c1 | VPERMILPS_W1 | last
            c4 e2 f1 46 c1 | VPSRAVD_W1 | last
            c4 e3 fd 06 c1 00 | VPERM2F128_W1 | last
            c4 e2 f9 13 c1 | VCVTPH2PS_W1 | last
            c4 e3 f1 4a c1 00 | VBLENDVPS_W1 | last
            c4 e2 f1 cf c1 | VGF2P8MULB_W1 | last
            c5 f8 2b c1 | VMOVNTPS_REGISTER | last
            c5 fb f0 c1 | VLDDQU_REGISTER | last
            c4 e2 71 2c c1 | VMASKMOVPS_REGISTER | last
            c4 e2 7d 1a c1 | VBROADCASTF128_REGISTER | last
            c4 e2 71 90 c1 | VPGATHERDD_REGISTER | last
            c4 e2 71 90 00 | VPGATHERDD_WITHOUT_SIB | last
            c4 e2 79 90 04 08 | VPGATHERDD_MASK_IS_TARGET | last
            c4 e2 71 90 04 00 | VPGATHERDD_INDEX_IS_TARGET | last
            c4 e2 71 90 04 08 | VPGATHERDD_INDEX_IS_MASK | last
            c4 e2 70 f3 c1 | GROUP_17_0 | last
            c4 e0 70 58 c1 | MAP_0 | last
            c4 e4 70 58 c1 | MAP_4 | last
            c5 f0 0e c1 | VEX_0F_0E | last
            c5 f2 10 00 | VMOVSS_LOAD_WITH_VVVV | last
            c5 f0 ae 10 | VLDMXCSR_WITH_VVVV | last
            """;

    private VexRows() {}

    static void addTo(List<String> lines) {
        for (String line : AVX.lines().toList()) {
            add(lines, line);
        }
        lines.add("# avx");
        addEach(lines, PACKED, "x.66.0F.WIG %s | %s V,H,Wxu |");
        addEach(lines, PACKED_38, "x.66.0F38.WIG %s | %s V,H,Wxu |");
        addEach(lines, BITWISE, "x.NP.0F.WIG %s | %sPS V,H,Wxu |");
        addEach(lines, BITWISE, "x.66.0F.WIG %s | %sPD V,H,Wxu |");
        lines.add("# avxfloat");
        addEach(lines, ARITHMETIC, "x.NP.0F.WIG %s | %sPS V,H,Wxu |");
        addEach(lines, ARITHMETIC, "x.66.0F.WIG %s | %sPD V,H,Wxu |");
        addEach(lines, ARITHMETIC, "LIG.F3.0F.WIG %s | %sSS V,H,W4 |");
        addEach(lines, ARITHMETIC, "LIG.F2.0F.WIG %s | %sSD V,H,W8 |");
        lines.add("# fma");
        addFused(lines, "9", "132");
        addFused(lines, "a", "213");
        addFused(lines, "b", "231");
        lines.addAll(List.of(REFUSED.split("\n")));
    }

    private static void addEach(List<String> lines, String pairs, String format) {
        String[] words = pairs.split(" ", -1);
        for (int i = 0; i < words.length; i += 2) {
            add(lines, format.formatted(words[i], words[i + 1]));
        }
    }

    private static void addFused(List<String> lines, String digit, String order) {
        for (int i = 0; i < FUSED.length; i++) {
            String opcode = digit + FUSED[i][0];
            String name = FUSED[i][1] + order;
            if (i < PACKED_FUSED) {
                add(lines, "x.66.0F38.W0 %s | %sPS V,H,Wxu |".formatted(opcode, name));
                add(lines, "x.66.0F38.W1 %s | %sPD V,H,Wxu |".formatted(opcode, name));
            } else {
                add(lines, "LIG.66.0F38.W0 %s | %sSS V,H,W4 |".formatted(opcode, name));
                add(lines, "LIG.66.0F38.W1 %s | %sSD V,H,W8 |".formatted(opcode, name));
            }
        }
    }

    private static void add(List<String> lines, String line) {
        if (line.startsWith("#")) {
            lines.add(line);
        } else if (line.startsWith("x.")) {
            lines.add(ofLength(line, 16));
            lines.add(ofLength(line, 32));
        } else {
            lines.add("VEX." + line);
        }
    }

    /// A row of one length: its name says which.
    private static String ofLength(String line, int bytes) {
        String[] parts = line.split(" \\| ", 2);
        String operands =
                parts[1].replaceAll("(?<=[WM])x", String.valueOf(bytes))
                        .replaceAll("(?<=W)h", halfOf(bytes))
                        .replaceAll("(?<=W)q", String.valueOf(bytes / 4))
                        .replaceAll("(?<=W)o", String.valueOf(bytes / 8))
                        .replaceFirst("^(\\w+)", "$1." + bytes * 8);
        return "VEX." + bytes * 8 + parts[0].substring(1) + " | " + operands;
    }

    /// Half of a vector needs no alignment.
    private static String halfOf(int bytes) {
        return bytes == 32 ? "16u" : "8";
    }
}

package straddle.bench;

/// Which of the translator's tiers runs what is warm: for engines that start from then on, as they read it when they do.
public enum Tier {
    INTERPRETER,
    MACHINE_CODE,
    REGIONS;

    /// Has engines use this tier: the interpreter alone; or machine code, or regions, besides it.
    public void choose() {
        System.setProperty("straddle.tcg.interpret", Boolean.toString(this == INTERPRETER));
        System.setProperty("straddle.tcg.machine", Boolean.toString(this == MACHINE_CODE));
    }

    /// The same from a block's first entries on, without waiting; before any engine has started.
    public void chooseAtOnce() {
        choose();
        if (this == REGIONS) {
            System.setProperty("straddle.tcg.hot", "1");
            System.setProperty("straddle.tcg.compileAtOnce", "true");
        } else if (this == MACHINE_CODE) {
            System.setProperty("straddle.tcg.warm", "1");
            System.setProperty("straddle.tcg.stretch", "512");
            System.setProperty("straddle.tcg.loop", "1");
        }
    }
}

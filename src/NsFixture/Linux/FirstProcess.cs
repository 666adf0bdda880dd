namespace NsFixture.Linux;

/// <summary>
/// The program that is process 1 of a sandbox which a test alone lives in: it reaps, tells of the test's end, and ends with its
/// connection, or when it is told to and is alone. A few hundred bytes of machine code, since a copy of the runtime that did no more would cost more than all the
/// rest of the sandbox: its pages are copied to it and taken from it.
/// </summary>
internal static class FirstProcess
{
    /// <summary>What it is called, to ps(1) and the like.</summary>
    public const string Name = "nsfixture-init";

    /// <summary>FirstProcess.S, assembled.</summary>
    internal const string Code =
        "b8b4010000bf04000000beffffffff31d20f05b89d000000bf01000000be090000000f05b89d000000bf0f000000488d35390100000f05b850000000488d3d3a" +
        "0100000f056800000100b80e00000031ff4889e631d241ba080000000f05b821010000bfffffffff4889e6ba0800000041ba000800000f054881eca0000000c7" +
        "04240300000089442408bbffffffffeb70c744240401000000c744240c01000000b8070000004889e7be0200000089da0f0585c00f84ab00000078d566837c24" +
        "0600742bb82d000000bf03000000488d742410ba8000000041ba400000004531c04531c90f0585c07e7bbbf401000031c08b7c2408488d742410ba800000000f" +
        "05b83d000000bfffffffff488db42498000000ba010000004531d20f0585c00f846cffffff7f0a83fbff7539e960ffffff83f80275cbc684249700000064b82c" +
        "000000bf03000000488db42497000000ba0500000041ba004000004531c04531c90f05eb9cb8e700000031ff0f056e73666978747572652d696e6974002f00";

    /// <summary>A file of no file system that holds the program (memfd_create(2)).</summary>
    /// <exception cref="LinuxException">The kernel has none, or none that may be executed (vm.memfd_noexec).</exception>
    public static int Open() => MachineCodeFile.Open(Name, Convert.FromHexString(Code), []);
}

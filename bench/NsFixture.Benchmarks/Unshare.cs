namespace NsFixture.Benchmarks;

/// <summary>The baseline: util-linux makes the same kinds of namespaces, without root tree and network, and runs nothing in them.</summary>
internal static class Unshare
{
    private static readonly string[] Command = ["unshare", "-Urnmpf", "--uts", "--ipc", "--mount-proc", "true"];

    public static void Run() => ProgramRun.Run([ProgramRun.Find(Command[0]), .. Command[1..]]);
}

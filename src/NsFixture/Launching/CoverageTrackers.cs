using System.Globalization;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace NsFixture.Launching;

/// <summary>
/// The classes that coverage tools put into assemblies, one each, to count their lines. coverlet's has counters, and at process exit adds them to a file.
/// Microsoft's (as it rewrites assemblies, without the profiler) has a byte for each block of code: a file that it maps into memory, or, where that is not there, memory
/// of its own. Both files lie in the host's temporary directory. A sandbox may have no such directory, or a read-only one, or one with others' hits in these files. So nothing is
/// written inside: the test's process sends what it has in memory, and the test host, see <see cref="CoverageHits"/>, adds it to the files.
/// </summary>
internal static class CoverageTrackers
{
    private const string Coverlet = "Coverlet.Core.Instrumentation.Tracker", Microsoft = "Microsoft.CodeCoverage.Instrumentation.Static.Tracker";

    /// <summary>Those of the assemblies in a directory: whose, the module's version id, and the class's token. Not by name: coverlet's have dots in theirs.</summary>
    public static IReadOnlyList<string> Find(string directory)
    {
        var found = new List<string>();
        foreach (string assembly in Directory.EnumerateFiles(directory, "*.dll"))
        {
            using var stream = File.OpenRead(assembly);
            using var pe = new PEReader(stream);
            if (!pe.HasMetadata)
                continue;
            MetadataReader metadata = pe.GetMetadataReader();
            foreach (TypeDefinitionHandle type in metadata.TypeDefinitions)
                foreach (string tool in (string[])[Coverlet, Microsoft])
                    if (metadata.StringComparer.Equals(metadata.GetTypeDefinition(type).Namespace, tool))
                        found.Add(string.Create(CultureInfo.InvariantCulture, $"{tool} {metadata.GetGuid(metadata.GetModuleDefinition().Mvid)} {MetadataTokens.GetToken(type)}"));
        }
        return found;
    }

    /// <summary>Whether Microsoft's collector has rewritten an assembly, and needs no profiler to count its lines.</summary>
    public static bool IsMicrosofts(string tracker) => tracker.StartsWith(Microsoft + " ", StringComparison.Ordinal);

    /// <summary>Keeps those that this process has loaded from writing to files when it ends.</summary>
    /// <returns>What each has counted, to be read when no more code will run.</returns>
    public static IReadOnlyList<Func<TestReport>> Detach(IReadOnlyList<string> trackers)
    {
        if (trackers.Count == 0)
            return [];
        var detached = new List<Func<TestReport>>();
        ILookup<Guid, Module> modules = AppDomain.CurrentDomain.GetAssemblies().Where(a => !a.IsDynamic).ToLookup(a => a.ManifestModule.ModuleVersionId, a => a.ManifestModule);
        foreach (string tracker in trackers)
        {
            string[] words = tracker.Split(' ');
            foreach (Module module in modules[Guid.Parse(words[1])])
            {
                Type type = module.ResolveType(int.Parse(words[2], CultureInfo.InvariantCulture));
                Func<TestReport> counted = IsMicrosofts(tracker) ? () => OfMicrosoft(type) : () => OfCoverlet(type);
                _ = counted(); // throws now, while there is a test to fail
                if (!IsMicrosofts(tracker))
                    (type.GetField("FlushHitFile") ?? throw Unknown(type)).SetValue(null, false);
                detached.Add(counted);
            }
        }
        return detached;
    }

    private static TestReport OfCoverlet(Type type)
    {
        int[] hits = Get<int[]>(type, "HitsArray");
        byte[] data = new byte[sizeof(int) * (hits.Length + 1)]; // as in the file: a count, then as many counters, 32 bits each
        BitConverter.TryWriteBytes(data, hits.Length);
        Buffer.BlockCopy(hits, 0, data, sizeof(int), data.Length - sizeof(int));
        return new TestReport(TestReportKind.CoverageHits) { Text = Get<string>(type, "HitsFilePath"), Data = data };
    }

    private static unsafe TestReport OfMicrosoft(Type type)
    {
        byte* begin = (byte*)Pointer.Unbox(Get<Pointer>(type, "Begin"));
        return new TestReport(TestReportKind.CoverageMarks) { Text = Get<string>(type, "BufferName"), Data = new ReadOnlySpan<byte>(begin, Get<int>(type, "BufferSize")).ToArray() };
    }

    private static T Get<T>(Type type, string field) => type.GetField(field)?.GetValue(null) is T value ? value : throw Unknown(type);

    private static SandboxException Unknown(Type tracker) => new(
        $"The coverage of an isolated test cannot be counted: {tracker.FullName} in {tracker.Assembly.GetName().Name} is not as those of coverlet 6.0 and of Microsoft.CodeCoverage 18.0 are. Use such a version, or leave the assembly out.");
}

using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace NsFixture.Launching;

/// <summary>
/// Keeps coverage whole. coverlet rewrites assemblies so that, at process exit, each adds its hits to a file under the host's
/// temporary directory. A sandbox has a /tmp of its own, so its process writes that file there, sends it, and the test host adds
/// it to the real one; one at a time, so no lock between processes is needed.
/// </summary>
internal static class CoverageHits
{
    private const string TrackerNamespace = "Coverlet.Core.Instrumentation.Tracker";
    private static readonly Lock Gate = new();

    /// <summary>The hits files of the instrumented assemblies in a directory.</summary>
    public static IReadOnlyList<string> FindFiles(string directory)
    {
        var files = new List<string>();
        foreach (string assembly in Directory.EnumerateFiles(directory, "*.dll"))
        {
            using var stream = File.OpenRead(assembly);
            using var pe = new PEReader(stream);
            if (pe.HasMetadata && FindHitsFile(pe) is { } file)
                files.Add(file);
        }
        return files;
    }

    /// <summary>Adds the hits of one process to the host's file: a count, then as many counters, 32 bits each.</summary>
    public static void Merge(string path, byte[] hits)
    {
        lock (Gate)
        {
            if (File.Exists(path))
            {
                byte[] sum = File.ReadAllBytes(path);
                if (sum.Length != hits.Length || !sum.AsSpan(0, 4).SequenceEqual(hits.AsSpan(0, 4)) || sum.Length != 4 + (4 * BitConverter.ToInt32(sum, 0)))
                    throw new SandboxException($"The coverage hits of an isolated test ({hits.Length} bytes) do not fit those in {path} ({sum.Length} bytes): the assembly was instrumented again during the run, or this version of coverlet writes another format.");
                for (int at = 4; at < sum.Length; at += 4)
                    BitConverter.TryWriteBytes(sum.AsSpan(at), (int)Math.Min((long)BitConverter.ToInt32(sum, at) + BitConverter.ToInt32(hits, at), int.MaxValue));
                hits = sum;
            }
            File.WriteAllBytes(path, hits);
        }
    }

    // The tracker's static constructor sets its field HitsFilePath to a literal: ldstr <string>; stsfld <field>.
    private static string? FindHitsFile(PEReader pe)
    {
        MetadataReader metadata = pe.GetMetadataReader();
        foreach (TypeDefinitionHandle handle in metadata.TypeDefinitions)
        {
            TypeDefinition type = metadata.GetTypeDefinition(handle);
            if (!metadata.StringComparer.Equals(type.Namespace, TrackerNamespace))
                continue;
            foreach (MethodDefinitionHandle methodHandle in type.GetMethods())
            {
                MethodDefinition method = metadata.GetMethodDefinition(methodHandle);
                if (!metadata.StringComparer.Equals(method.Name, ".cctor"))
                    continue;
                BlobReader il = pe.GetMethodBody(method.RelativeVirtualAddress).GetILReader();
                byte[] code = il.ReadBytes(il.Length);
                for (int i = 0; i + 10 <= code.Length; i++)
                {
                    const byte ldstr = 0x72, stsfld = 0x80;
                    if (code[i] != ldstr || code[i + 5] != stsfld)
                        continue;
                    var field = MetadataTokens.EntityHandle(BitConverter.ToInt32(code, i + 6));
                    if (field.Kind == HandleKind.FieldDefinition &&
                        metadata.StringComparer.Equals(metadata.GetFieldDefinition((FieldDefinitionHandle)field).Name, "HitsFilePath"))
                        return metadata.GetUserString(MetadataTokens.UserStringHandle(BitConverter.ToInt32(code, i + 1) & 0xFFFFFF));
                }
            }
        }
        return null;
    }
}

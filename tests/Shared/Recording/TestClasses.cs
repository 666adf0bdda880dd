using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace NsFixture.Tests.Recording;

/// <summary>The test classes of a build by its metadata: the names of theory rows must not take a run to know.</summary>
internal static class TestClasses
{
    public static List<string> Of(string build)
    {
        using var pe = new PEReader(File.OpenRead(RecordedRun.PathOf(build)));
        MetadataReader metadata = pe.GetMetadataReader();
        return
        [
            .. from handle in metadata.TypeDefinitions
               let type = metadata.GetTypeDefinition(handle)
               let name = metadata.GetString(type.Name)
               let isAbstract = (type.Attributes & TypeAttributes.Abstract) != 0 && (type.Attributes & TypeAttributes.Sealed) == 0
               where name.Split('`')[0].EndsWith("Tests", StringComparison.Ordinal) && !isAbstract && type.GetDeclaringType().IsNil
               select $"{metadata.GetString(type.Namespace)}.{name}",
        ];
    }
}

using System.Runtime.InteropServices;

namespace NsFixture.Roots;

/// <summary>Where the .NET runtime of this process lies, which has to be seen wherever managed code is to run.</summary>
internal static class RuntimePaths
{
    /// <summary>The directory with <c>dotnet</c>, <c>shared</c> and <c>host</c> in it: the runtime lies in shared/Microsoft.NETCore.App/VERSION.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    public static string Muxer => Root + "/dotnet";
}

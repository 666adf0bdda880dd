using System.Diagnostics;
using System.Text;

namespace NsFixture.Tests.Recording;

/// <summary>Finds what is left of a run, in whatever namespaces it may be: all of it inherited an environment variable.</summary>
internal static class Processes
{
    /// <summary>The processes whose environment or arguments hold <paramref name="marker"/> after all this time; a line each.</summary>
    public static IReadOnlyList<string> LeftOf(string marker, TimeSpan limit)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(marker);
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            string[] left = [.. With(bytes)];
            if (left.Length == 0 || Stopwatch.GetElapsedTime(start) > limit)
                return left;
            Thread.Sleep(20);
        }
    }

    private static IEnumerable<string> With(byte[] marker)
    {
        foreach (string directory in Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            string arguments = Encoding.UTF8.GetString(Read(directory + "/cmdline")).Replace('\0', ' ');
            if (Path.GetFileName(directory) != Environment.ProcessId.ToString() && (Read(directory + "/environ").AsSpan().IndexOf(marker) >= 0 || arguments.Contains(Encoding.ASCII.GetString(marker))))
                yield return $"{Path.GetFileName(directory)}: {arguments}";
        }
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it has ended, or is somebody else's
        }
    }
}

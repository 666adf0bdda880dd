using NsFixture.Launching;
using NsFixture.Roots;
using NsFixture.Roots.Archives;

namespace NsFixture.Tests;

/// <summary>What tests run in a process of its own, to kill it.</summary>
internal static class Program
{
    /// <summary><c>unpack IMAGE</c>: unpacks it into the user's cache, as a test run does, and says where.</summary>
    private static int Main(string[] arguments)
    {
        if (arguments is not ["unpack", var image])
            return 2;
        try
        {
            Console.WriteLine(RootPreparation.GetTree(RootTree.FromImage(image).Declared, image, TreeOwnership.Callers, withRuntime: false).Lower);
            return 0;
        }
        catch (RootTreeException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}

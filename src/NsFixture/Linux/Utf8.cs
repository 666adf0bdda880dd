using System.Runtime.InteropServices;
using System.Text;

namespace NsFixture.Linux;

/// <summary>Strings as C wants them.</summary>
internal static unsafe class Utf8
{
    public static byte[] Zero(string text) => Encoding.UTF8.GetBytes(text + '\0');

    /// <summary>A null-terminated array of C strings (argv, envp), to be freed with <see cref="FreeArray"/>.</summary>
    public static byte** NewArray(IReadOnlyList<string> items)
    {
        var array = (byte**)NativeMemory.AllocZeroed((nuint)(items.Count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < items.Count; i++)
        {
            byte[] bytes = Zero(items[i]);
            array[i] = (byte*)NativeMemory.Alloc((nuint)bytes.Length);
            bytes.CopyTo(new Span<byte>(array[i], bytes.Length));
        }
        return array;
    }

    public static void FreeArray(byte** array)
    {
        for (int i = 0; array[i] != null; i++)
            NativeMemory.Free(array[i]);
        NativeMemory.Free(array);
    }
}

namespace NsFixture.Linux;

/// <summary>
/// Names the C header that the constants of a class, or the layout of a struct, were taken from. Constants and fields carry
/// their C names; a test compiles a C program that asserts every value, size and offset against that header.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
internal sealed class CHeaderAttribute(string header) : Attribute
{
    public string Header { get; } = header;

    /// <summary>The type's name in C, for a struct: <c>struct clone_args</c>.</summary>
    public string? CName { get; init; }
}

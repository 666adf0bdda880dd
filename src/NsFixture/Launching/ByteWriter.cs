using System.Buffers.Binary;
using System.Text;

namespace NsFixture.Launching;

/// <summary>Writes what <see cref="ByteReader"/> reads: little-endian numbers, strings and byte arrays with their lengths.</summary>
internal sealed class ByteWriter
{
    private byte[] buffer = new byte[256];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public ByteWriter Byte(byte value)
    {
        Reserve(1)[0] = value;
        return this;
    }

    public ByteWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Reserve(4), value);
        return this;
    }

    public ByteWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Reserve(8), value);
        return this;
    }

    public ByteWriter Double(double value) => Int64(BitConverter.DoubleToInt64Bits(value));

    public ByteWriter Boolean(bool value) => Byte(value ? (byte)1 : (byte)0);

    public ByteWriter Decimal(decimal value)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        foreach (int part in parts)
            Int32(part);
        return this;
    }

    public ByteWriter Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        value.CopyTo(Reserve(value.Length));
        return this;
    }

    /// <summary>A string, or null, which is not the same as an empty one.</summary>
    public ByteWriter String(string? value)
    {
        if (value == null)
            return Int32(-1);
        // UTF-16 as it is: test output may hold lone surrogates, which UTF-8 would change.
        return Bytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(value.AsSpan()));
    }

    public ByteWriter Strings(IReadOnlyCollection<string?> values)
    {
        Int32(values.Count);
        foreach (string? value in values)
            String(value);
        return this;
    }

    /// <summary>Overwrites the number at <paramref name="position"/>.</summary>
    public void PatchInt32(int position, int value) => BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(position), value);

    private Span<byte> Reserve(int count)
    {
        int length = checked(Length + count);
        if (length > buffer.Length)
            Array.Resize(ref buffer, (int)Math.Min(Math.Max((long)buffer.Length * 2, length), Array.MaxLength));
        var span = buffer.AsSpan(Length, count);
        Length = length;
        return span;
    }
}

/// <summary>Reads what <see cref="ByteWriter"/> wrote.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> rest = bytes;

    /// <summary>How many bytes are left.</summary>
    public readonly int Length => rest.Length;

    public byte Byte() => Take(1)[0];

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public double Double() => BitConverter.Int64BitsToDouble(Int64());

    public bool Boolean() => Byte() != 0;

    public decimal Decimal() => new([Int32(), Int32(), Int32(), Int32()]);

    public ReadOnlySpan<byte> Bytes() => Take(Int32());

    public string? String()
    {
        int length = Int32();
        return length < 0 ? null : new string(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, char>(Take(length)));
    }

    /// <summary>A string that is never null.</summary>
    public string Text() => String() ?? "";

    public string?[] Strings()
    {
        var values = new string?[Int32()];
        for (int i = 0; i < values.Length; i++)
            values[i] = String();
        return values;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}

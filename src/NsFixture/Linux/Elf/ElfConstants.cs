namespace NsFixture.Linux.Elf;

[CHeader("elf.h")]
internal static class ElfConstants
{
    public const int ELFCLASS32 = 1;
    public const int ELFCLASS64 = 2;
    public const int ELFDATA2LSB = 1;
    public const int EM_386 = 3;
    public const int EM_X86_64 = 62;
    public const int EM_AARCH64 = 183;
    public const uint PT_LOAD = 1;
    public const uint PT_DYNAMIC = 2;
    public const uint PT_INTERP = 3;
    public const long DT_NULL = 0;
    public const long DT_NEEDED = 1;
    public const long DT_STRTAB = 5;
    public const long DT_STRSZ = 10;
    public const long DT_SONAME = 14;
    public const long DT_RPATH = 15;
    public const long DT_RUNPATH = 29;
    public const long DT_FLAGS_1 = 0x6ffffffb;
    public const ulong DF_1_NODEFLIB = 0x800;
}

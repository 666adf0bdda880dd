namespace CommandLine.Library;

/// <summary>Has lines whose counts differ from one another and from test to test.</summary>
public static class Collatz
{
    public static int Steps(int start)
    {
        int n = start, steps = 0;
        while (n != 1)
        {
            if (n % 2 == 0)
                n /= 2;
            else
                n = (3 * n) + 1;
            steps++;
        }
        return steps;
    }

    public static int NeverCalled() => 42;
}

import Glibc
import Testing

@testable import Support

@Suite struct HeapTests {
    /// How many of the pages at these addresses take memory.
    private static func resident(_ pages: [UInt]) -> Int {
        pages.count { page in
            var state: UInt8 = 0
            // What is not mapped any more takes none either.
            return mincore(UnsafeMutableRawPointer(bitPattern: page), 1, &state) == 0 && state & 1 == 1
        }
    }

    @Test func freePagesBetweenBlocksInUseAreGivenBack() throws {
        let (size, page) = (16 << 10, UInt(sysconf(Int32(_SC_PAGESIZE))))
        let blocks = try (0..<2048).map { _ in
            let block = try #require(malloc(size))
            memset(block, 1, size)
            return block
        }
        // Every eighth stays: nothing but a single gap is free at the end.
        let (kept, freed) = (blocks.indices.filter { $0 % 8 == 7 }, blocks.indices.filter { $0 % 8 != 7 })
        defer { for index in kept { free(blocks[index]) } }
        let pages = freed.map { (UInt(bitPattern: blocks[$0]) + page) / page * page }
        for index in freed { free(blocks[index]) }
        #expect(Self.resident(pages) > pages.count * 3 / 4)
        Heap.giveBack()
        // Other tests may use some again meanwhile.
        #expect(Self.resident(pages) < pages.count / 4)
    }
}

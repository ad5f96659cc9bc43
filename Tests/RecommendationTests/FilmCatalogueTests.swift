import Support
import Testing

@testable import Recommendation

/// Readers of catalogues and of what was rated before.
@Suite struct FilmCatalogueTests {
    private static func read(
        _ path: String, _ files: [String: String], needsRatings: Bool = true
    ) throws -> FilmCatalogue {
        try FilmCatalogue.read(path, needsRatings: needsRatings) { name in
            guard let text = files[name] else { throw UserError("missing", at: name, exitCode: .noInput) }
            return Array(text.utf8)
        }
    }

    @Test func aTableOfOurOwnIsRead() throws {
        let text = """
            year,title,genres,note
            1995,Heat,Crime|Action,x
            1966,"The Good, the Bad and the Ugly",Western,
            ,Untitled,,
            """
        #expect(
            try Self.read("a/films.csv", ["a/films.csv": text]).films == [
                Film(title: "Heat", year: 1995, genres: ["Crime", "Action"]),
                Film(title: "The Good, the Bad and the Ugly", year: 1966, genres: ["Western"]),
                Film(title: "Untitled", year: nil, genres: []),
            ])
    }

    @Test func theOriginalsItemsAreReadAndOfTwoAlikeTheFirstCounts() throws {
        let text = """
            [{"title": "Heat (1995)", "genres": "Action|Crime"}, {"title": "Babylon 5", "genres": ""},
             {"title": "Heat (1995)", "genres": "Drama"}, {"title": "(500) Days of Summer (2009) ", "genres": "Comedy"}]
            """
        #expect(
            try Self.read("items.json", ["items.json": text]).films == [
                Film(title: "Heat", year: 1995, genres: ["Action", "Crime"]),
                Film(title: "Babylon 5", year: nil, genres: []),
                Film(title: "(500) Days of Summer", year: 2009, genres: ["Comedy"]),
            ])
    }

    private static let movies = """
        movieId,title,genres
        31,"American President, The (1995)",Comedy|Drama
        7,Heat (1995),Action
        9,Pilot,(no genres listed)
        12,Heat (1995),Crime
        """

    @Test(arguments: ["ml", "ml/"]) func aFolderAsMovieLensPublishesItIsRead(path: String) throws {
        let ratings = "userId,movieId,rating,timestamp\r\n1,7,4.0,964982703\r\n1,12,0.5,1\n4294967295,31,5,2\n"
        let catalogue = try Self.read(path, ["ml/movies.csv": Self.movies, "ml/ratings.csv": ratings])
        #expect(catalogue.films.map(\.name) == ["American President, The (1995)", "Heat (1995)", "Pilot"])
        #expect(catalogue.films.map(\.genres) == [["Comedy", "Drama"], ["Action"], []])
        #expect(catalogue.ratings.map(\.film) == [1, 1, 0])
        #expect(catalogue.ratings.map(\.halfStars) == [8, 1, 10])
        // Nobody who rated before the run is an agent.
        #expect(catalogue.ratings.allSatisfy { $0.rater > UInt64(UInt32.max) })
        #expect(catalogue.ratings[0].rater == catalogue.ratings[1].rater)
    }

    @Test func ratingsAreReadOnlyWhereSomebodyLearnsFromThem() throws {
        let catalogue = try Self.read("ml", ["ml/movies.csv": Self.movies], needsRatings: false)
        #expect(catalogue.films.count == 3 && catalogue.ratings.isEmpty)
        #expect(throws: UserError.self) { try Self.read("ml", ["ml/movies.csv": Self.movies]) }
    }

    @Test(arguments: [
        ("films.csv", "title,year\nHeat,1995", "no column genres"),
        ("films.csv", "title,year,genres\nHeat,95,Crime", "95 is no year"),
        ("films.csv", "title,year,genres\nHeat,19x5,Crime", "19x5 is no year"),
        ("films.csv", "title,year,genres\n,1995,Crime", "empty"),
        ("films.csv", "title,year,genres\nHeat,1995,A\nHeat,1995,B", "twice"),
        ("films.csv", "title,year,genres\nHe\u{7}at,1995,A", "control"),
        ("films.csv", "title,year,genres", "no films"),
        ("films.csv", "title,year,genres\nHeat,1995", "2 values"),
        ("films.csv", "", ""),
        ("items.json", "{\"title\": \"Heat\"}", "no JSON list"),
        ("items.json", "[{\"title\": \"Heat\"}]", "title and genres"),
        ("items.json", "[{\"title\": 4, \"genres\": \"A\"}]", "title and genres"),
        ("items.json", "[", ""),
        ("items.json", "[]", "no films"),
    ])
    func aCatalogueThatIsNoneIsRefusedWithItsPlace(file: String, text: String, what: String) throws {
        let error = #expect(throws: UserError.self) { try Self.read(file, [file: text]) }
        #expect(error?.place.hasPrefix(file) == true)
        #expect(what.isEmpty || error?.what.contains(what) == true, "\(error?.what ?? "")")
    }

    @Test func aTitleWithoutEndIsRefused() throws {
        let text = "title,year,genres\n\(String(repeating: "a", count: 1_001)),1995,A"
        #expect(throws: UserError.self) { try Self.read("films.csv", ["films.csv": text]) }
    }

    @Test(arguments: [
        "movieId,title,genres\nx,Heat (1995),A", "movieId,title,genres\n-1,Heat (1995),A",
        "movieId,title,genres\n4294967296,Heat (1995),A", "movieId,title,genres\n7,Heat (1995),A\n7,Up (2009),B",
    ])
    func aFilmWithoutANumberOfItsOwnIsRefused(movies: String) throws {
        let error = #expect(throws: UserError.self) {
            try Self.read("ml", ["ml/movies.csv": movies], needsRatings: false)
        }
        #expect(error?.what.contains("movieId") == true)
    }

    @Test(arguments: [
        "", "user,film\n", "userId,movieId,rating\n1,7", "userId,movieId,rating\n1,7,4.1",
        "userId,movieId,rating\n1,7,0.0", "userId,movieId,rating\n1,7,5.5", "userId,movieId,rating\n1,8,4.0",
        "userId,movieId,rating\n,7,4.0", "userId,movieId,rating\n1,7,", "userId,movieId,rating\n1,99999999999,4.0",
        "userId,movieId,rating\n1e3,7,4.0", "userId,movieId,rating\n1,7,-4.0", "userId,movieId,rating\n1,7,nan",
    ])
    func ratingsThatAreNoneAreRefused(ratings: String) throws {
        let error = #expect(throws: UserError.self) {
            try Self.read("ml", ["ml/movies.csv": Self.movies, "ml/ratings.csv": ratings])
        }
        #expect(error?.place.hasPrefix("ml/ratings.csv") == true)
    }

    @Test func ratingsArePackedAndReadBackAndNumbersThatAreNoneAreNot() {
        for rating in [
            FilmRating(rater: 0, film: 0, halfStars: 1),
            FilmRating(rater: UInt64(UInt32.max), film: FilmRating.maxFilms - 1, halfStars: 10),
            FilmRating(rater: 77, film: 123_456, halfStars: 7),
        ] {
            #expect(FilmRating(packed: rating.packed, films: FilmRating.maxFilms) == rating)
        }
        for packed in [-1, Int64.min, .max, 0, 11, 15, 5 << 4 | 3] as [Int64] {
            #expect(FilmRating(packed: packed, films: 5) == nil, "\(packed)")
        }
    }

    @Test func ratingsAreGivenInHalfSteps() {
        #expect(FilmRating.options == ["0.5", "1.0", "1.5", "2.0", "2.5", "3.0", "3.5", "4.0", "4.5", "5.0"])
        for (index, option) in FilmRating.options.enumerated() {
            #expect(FilmRating.halfStars(option) == index + 1)
            #expect(FilmRating(rater: 0, film: 0, halfStars: index + 1).stars == Double(option))
        }
        for text in ["0", "0.0", "5.5", "3.7", "", "3.", ".5", "3.50", " 3.5", "x"] {
            #expect(FilmRating.halfStars(text) == nil, "\(text)")
        }
        #expect(FilmRating.halfStars("4") == 8)
    }
}

-- expect: rejected sorry
theorem t : 1 = 2 := sorryAx _ false

use super::*;

fn checked(lines: &[(i64, i64)]) -> Result<Vec<(i64, i64)>, String> {
    let lines = lines.iter().map(|&(product_id, quantity)| NewLine { product_id, quantity }).collect();
    let order = NewOrder { user_id: 1, lines }.checked().map_err(|error| error.to_string())?;
    Ok(order.lines.iter().map(|line| (line.product_id, line.quantity)).collect())
}

#[test]
fn a_product_that_is_named_twice_is_bought_twice() {
    assert_eq!(checked(&[(7, 1), (3, 2), (7, 4)]), Ok(vec![(3, 2), (7, 5)]));
}

#[test]
fn an_order_has_lines() {
    let too_many: Vec<_> = (0..101).map(|id| (id, 1)).collect();
    for lines in [&[][..], &too_many] {
        assert_eq!(checked(lines), Err("an order has 1 to 100 lines".to_owned()));
    }
}

#[test]
fn a_line_has_a_quantity() {
    for lines in
        [&[(1, 0)][..], &[(1, 1_001)], &[(1, 600), (1, 600)], &[(1, i64::MAX), (1, i64::MAX)], &[(1, 3), (1, -2)]]
    {
        assert_eq!(checked(lines), Err("of each product, 1 to 1000 can be ordered".to_owned()));
    }
}
